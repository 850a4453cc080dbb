import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeExplanation } from '../../src/commands/describe-explanation.ts'
import type { ExplainedBackend, ForwardedExplanation } from '../../src/explain.ts'

const BACKEND: ExplainedBackend = {
  id: '10.0.0.1:3001',
  url: 'http://10.0.0.1:3001',
  weight: 1,
  tier: 0,
  state: 'active',
  accepted: true,
  reason: 'probe_passed',
  health: 'healthy',
  healthReason: 'probe_passed',
  share: 1,
  inFlight: 0,
  maxInFlight: 0
}

/** What is printed of an explanation, line by line. */
function lines(more: Partial<ForwardedExplanation> = {}): string[] {
  const text = describeExplanation({
    method: 'GET',
    url: '/a',
    outcome: 'forward',
    route: { name: 'all', path: '/', source: 'gateway.yaml:3' },
    params: {},
    target: '/a',
    split: null,
    group: 'shop',
    balancing: 'round-robin',
    key: null,
    session: null,
    breaker: null,
    panic: false,
    waiting: 0,
    tiers: [{ tier: 0, share: 1, panic: false }],
    backends: [BACKEND],
    ...more
  })
  assert.ok(text.endsWith('\n'))
  return text.trimEnd().split('\n')
}

/** What is said between the route and the table. */
function remarks(more: Partial<ForwardedExplanation>): string[] {
  return lines(more).slice(2, -2)
}

test('the plain case is outcome, route and table', () => {
  assert.deepEqual(lines({ breaker: 'closed' }), [
    'GET /a: forward',
    'route all (/, gateway.yaml:3) → group shop, round-robin, as /a',
    'BACKEND        VERDICT   REASON        STATE   TIER  SHARE  WEIGHT  IN FLIGHT',
    '10.0.0.1:3001  accepted  probe_passed  active  0     100%   1       0'
  ])
})

test('a rejected one has its verdict with the reason of its health, and its cap beside what is in flight', () => {
  const rejected = { ...BACKEND, accepted: false, share: 0 }
  const ill = { health: 'unhealthy', healthReason: 'connect_refused' } as const
  const cells = (backend: ExplainedBackend): string[] =>
    lines({ backends: [backend] })
      .at(-1)!
      .split(/ {2,}/)
      .slice(1)
  assert.deepEqual(cells({ ...rejected, ...ill, reason: 'ill' }), [
    'rejected',
    'ill (connect_refused)',
    'active',
    '0',
    '0%',
    '1',
    '0'
  ])
  assert.equal(cells({ ...BACKEND, ...ill, reason: 'panic' })[1], 'panic (connect_refused)')
  const draining = cells({ ...rejected, reason: 'draining', state: 'draining' })
  assert.deepEqual(draining.slice(1, 3), ['draining', 'draining'])
  const full = cells({ ...rejected, reason: 'at_capacity', inFlight: 7, maxInFlight: 7, tier: 1 })
  assert.deepEqual([full[1], full[3], full[6]], ['at_capacity', '1', '7/7'])
})

test('shares have one digit at most, and next to nothing is not nothing', () => {
  const shares = [1 / 3, 0.5, 0.0001, 0].map((share) => ({ ...BACKEND, share }))
  assert.deepEqual(
    lines({ backends: shares })
      .slice(-4)
      .map((line) => line.split(/ {2,}/)[5]),
    ['33.3%', '50%', '<0.1%', '0%']
  )
})

test('what is not plain has a line of its own', () => {
  const tiers = [
    { tier: 0, share: 0.7, panic: false },
    { tier: 1, share: 0.3, panic: false }
  ]
  assert.deepEqual(remarks({ breaker: 'half-open', panic: true, waiting: 3, tiers }), [
    'circuit breaker: half-open',
    'panic: too few backends are well, so ill ones are used too',
    'tiers: 0 has 70%, 1 has 30%',
    'queue: 3 waiting'
  ])
})

test('a key says where it goes, or why it does not', () => {
  const from = 'header:x-user-id'
  for (const [key, text] of [
    [{ from, present: true, backend: 'a:80' }, 'key: header:x-user-id → a:80'],
    [{ from, present: true, backend: null }, 'key: header:x-user-id → nobody'],
    [
      { from, present: false, backend: null },
      'key: header:x-user-id, the request has none: by least-connections'
    ],
    [{ from: 'ip', present: false, backend: null }, 'key: ip, not known: give it with --client']
  ] as const) {
    assert.deepEqual(remarks({ key }), [text])
  }
})

test('a session says whose it is, or why it moves', () => {
  const session = { cookie: 'xgw', backend: null, serves: false }
  for (const [more, text] of [
    [{ reason: 'no_cookie' }, 'session: cookie xgw, the request has none'],
    [
      { reason: 'unknown' },
      'session: cookie xgw, which is forged, signed with another secret, or of a backend that is gone'
    ],
    [{ reason: 'affinity', backend: 'a:80', serves: true }, 'session: cookie xgw → a:80'],
    [
      { reason: 'disabled', backend: 'a:80' },
      "session: cookie xgw names a:80, which can't serve it (disabled): it moves"
    ]
  ] as const) {
    assert.deepEqual(remarks({ session: { ...session, ...more } }), [text])
  }
})

test('a split says all its parts, the one that takes the request, and why', () => {
  const parts = [
    { group: 'stable', weight: 95, share: 0.95, chosen: true },
    { group: 'canary', weight: 5, share: 0.05, chosen: false }
  ]
  for (const [reason, key, why] of [
    ['session', null, 'by its session'],
    ['key', 'cookie:sid', 'by cookie:sid'],
    ['chance', null, 'by chance, as the likeliest'],
    ['chance', 'cookie:sid', 'by chance, as the likeliest: it has no cookie:sid']
  ] as const) {
    assert.deepEqual(remarks({ split: { reason, key, parts } }), [
      `split: stable 95%, canary 5% → stable ${why}`
    ])
  }
})

test('a refusal is one line with its status, and what would be allowed', () => {
  const refused = { method: 'PUT', url: '/a' }
  assert.equal(
    describeExplanation({ ...refused, outcome: 'no_route', status: 404 }),
    'PUT /a: no_route (404)\n'
  )
  assert.equal(
    describeExplanation({ ...refused, outcome: 'method_not_allowed', status: 405, allow: ['GET', 'HEAD'] }),
    'PUT /a: method_not_allowed (405, allowed: GET, HEAD)\n'
  )
})
