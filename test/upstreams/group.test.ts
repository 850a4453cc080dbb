import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKEND_LAYOUT, backendKey } from '../../src/upstreams/backend.ts'
import { GROUP_LAYOUT } from '../../src/upstreams/group-live.ts'
import { buildGroups, type GroupSources } from '../../src/upstreams/group.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'
import { check, group, outlierDetection, server } from './groups.ts'

/** Shared memory with these places in it, as the thread of a row has it. */
function sourcesOf(
  slots: Readonly<Record<string, number>>,
  groups: readonly string[],
  row = 0
): GroupSources & { readonly suspects: string[] } {
  const backends = new LiveTable(BACKEND_LAYOUT, 2)
  backends.grow(3)
  const groupTable = new LiveTable(GROUP_LAYOUT, 2)
  groupTable.grow(groups.length)
  const suspects: string[] = []
  return {
    backends,
    backendSlot: (key) => slots[key],
    groups: groupTable,
    groupSlot: (name) => (groups.includes(name) ? groups.indexOf(name) : undefined),
    row,
    onSuspect: ({ group: of, id }) => suspects.push(`${of} ${id}`),
    suspects
  }
}

test('groups are built with their settings and with backends in the order of the configuration', () => {
  const sources = sourcesOf(
    {
      [backendKey('catalog', 'http://b')]: 2,
      [backendKey('catalog', 'http://a')]: 0,
      [backendKey('orders', 'http://a')]: 1
    },
    ['catalog', 'orders']
  )
  const healthCheck = check()
  const backends = [server('b', { tier: 1, maxInFlight: 5, weight: 0 }), server('a')]
  const groups = buildGroups(
    [group('catalog', [], { healthCheck, backends }), group('orders', ['a'])],
    sources
  )
  assert.deepEqual([...groups.keys()], ['catalog', 'orders'])
  const catalog = groups.get('catalog')!
  assert.equal(catalog.settings.healthCheck, healthCheck)
  assert.ok(!('backends' in catalog.settings))
  assert.deepEqual(
    catalog.backends.map(({ id, group: of, place, slot, tier, maxInFlight, weight }) => [
      id,
      of,
      place,
      slot,
      tier,
      maxInFlight,
      weight
    ]),
    [
      ['b:80', 'catalog', 0, 2, 1, 5, 0],
      ['a:80', 'catalog', 1, 0, 0, 0, 1]
    ]
  )
})

test('backends become suspect as the outlier detection of their group says, and without it never', () => {
  const slots = { [backendKey('catalog', 'http://a')]: 0, [backendKey('orders', 'http://a')]: 1 }
  const sources = sourcesOf(slots, ['catalog', 'orders'])
  const groups = buildGroups(
    [
      group('catalog', ['a'], { outlierDetection: outlierDetection({ consecutiveFailures: 2 }) }),
      group('orders', ['a'])
    ],
    sources
  )
  for (const { backends } of groups.values()) {
    for (let count = 0; count < 3; count++) {
      backends[0]!.acquire()
      backends[0]!.end('failed')
    }
  }
  assert.deepEqual(sources.suspects, ['catalog a:80'])
})

test('what threads share about a group is one for all backends and threads of it, and not of another', () => {
  const first = sourcesOf({}, ['catalog', 'orders'])
  const second = { ...first, row: 1 }
  const configs = [group('catalog', []), group('orders', [])]
  const [one, two] = [first, second].map((sources) => buildGroups(configs, sources))
  one!.get('catalog')!.live.renew()
  assert.equal(two!.get('catalog')!.live.epoch, 1)
  assert.equal(two!.get('orders')!.live.epoch, 0)
})

test('a backend or a group without live state is an error that names it', () => {
  const configs = [group('catalog', ['a'])]
  assert.throws(() => buildGroups(configs, sourcesOf({}, ['catalog'])), /http:\/\/a.*catalog/)
  assert.throws(() => buildGroups(configs, sourcesOf({}, [])), /group catalog/)
})
