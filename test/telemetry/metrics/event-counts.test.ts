import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { EventLog, type Happening } from '../../../src/telemetry/events.ts'
import { EventCounts } from '../../../src/telemetry/metrics/event-counts.ts'

function countsOf(happenings: readonly Happening[], groups: readonly string[] = ['shop']): string[] {
  const events = new EventLog(() => 5000)
  const counts = new EventCounts(events, 1000)
  for (const happening of happenings) events.record(happening)
  return counts
    .families((name) => groups.includes(name))
    .flatMap(({ name, collect }) =>
      Array.from(collect(), ({ labels = {}, value }) => {
        const text = Object.entries(labels).map(([label, word]) => `${label}=${word}`)
        return `${name.replace('xecureapi_', '')} ${text.join(' ')} ${value}`.replace('  ', ' ')
      })
    )
}

const AT_FIRST = ['last_reload_successful 1', 'last_reload_success_timestamp_seconds 1']
const BACKEND = { group: 'shop', backend: 'a:80', url: 'http://a:80' } as const

suite('counts of events', () => {
  for (const [what, happening, expected] of [
    [
      'a flip of health',
      { type: 'health', ...BACKEND, from: 'healthy', to: 'unhealthy', reason: 'timeout' },
      'health_flips_total group=shop to=unhealthy 1'
    ],
    [
      'an ejection',
      { type: 'ejection', ...BACKEND, state: 'enforced', reason: 'success_rate', dryRun: false, until: '' },
      'ejections_total group=shop state=enforced reason=success_rate 1'
    ],
    [
      'spilled traffic',
      { type: 'traffic', group: 'shop', from: 'first_tier', to: 'spilled', tiers: [] },
      'traffic_changes_total group=shop to=spilled 1'
    ],
    [
      'a discovery that fails',
      { type: 'discovery', group: 'shop', state: 'failing', reason: 'timeout' },
      'discovery_changes_total group=shop state=failing 1'
    ],
    [
      'a store that is away',
      { type: 'store', state: 'away', use: 'limits' },
      'store_changes_total state=away use=limits 1'
    ],
    [
      'keys that can not be had',
      { type: 'keys', url: 'https://issuer', state: 'away', reason: 'timeout' },
      'issuer_keys_changes_total state=away 1'
    ],
    [
      'a certificate that ends soon',
      { type: 'certificate', state: 'expiring', path: 'server.tls.certificates[0]' },
      'certificate_events_total state=expiring 1'
    ],
    [
      'a worker that died',
      { type: 'worker', worker: 3, state: 'died', reason: 'stalled' },
      'worker_changes_total state=died reason=stalled 1'
    ]
  ] as const satisfies [string, Happening, string][]) {
    test(`${what} is counted once, by words alone`, () => {
      assert.deepEqual(countsOf([happening]), [expected, ...AT_FIRST])
    })
  }

  test('the end of an ejection and a drain are not counted', () => {
    assert.deepEqual(
      countsOf([
        { type: 'ejection', ...BACKEND, state: 'ended', reason: 'time_passed', dryRun: false },
        { type: 'drained', ...BACKEND, state: 'draining' }
      ]),
      AT_FIRST
    )
  })

  test('a reload that fails says so until another succeeds', () => {
    const reload = (outcome: 'applied' | 'failed' | 'unchanged'): Happening => ({
      type: 'reload',
      trigger: 'file',
      outcome,
      generation: 1,
      errors: []
    })
    assert.deepEqual(countsOf([reload('failed')]).slice(1), ['last_reload_successful 0', AT_FIRST[1]])
    assert.deepEqual(countsOf([reload('failed'), reload('unchanged')]).slice(2), AT_FIRST)
    assert.deepEqual(countsOf([reload('failed'), reload('applied')]).slice(2), [
      AT_FIRST[0],
      'last_reload_success_timestamp_seconds 5'
    ])
  })

  test('those of a group that is gone are forgotten', () => {
    const flip: Happening = {
      type: 'health',
      ...BACKEND,
      from: 'healthy',
      to: 'unhealthy',
      reason: 'timeout'
    }
    assert.deepEqual(countsOf([flip], ['other']), AT_FIRST)
  })
})
