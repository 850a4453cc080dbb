import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { BACKEND_COUNTER, STATUS } from '../../src/upstreams/backend.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, check, eventsOf, group, server } from './groups.ts'

const ill = { healthy: false, reason: 'connect_refused' } as const
const well = { healthy: true, reason: 'probe_passed' } as const

function registryOf(...groups: Parameters<typeof apply>[1]): UpstreamRegistry {
  const registry = new UpstreamRegistry({ now: () => 1000 })
  apply(registry, groups, 1)
  return registry
}

suite('what a backend is at first', () => {
  test('without a health check it is healthy, and says why', () => {
    const registry = registryOf(group('catalog', ['a']))
    const backend = registry.find('catalog', 'a:80')!
    assert.equal(backend.status, 0)
    assert.deepEqual(registry.observed(backend), {
      health: 'healthy',
      reason: 'no_health_check',
      since: 1000
    })
  })

  test('with one it is healthy too, unless `initially` says otherwise', () => {
    const registry = registryOf(
      group('plain', ['a'], { healthCheck: check() }),
      group('good', ['a'], { healthCheck: check({ initially: 'healthy' }) }),
      group('bad', ['a'], { healthCheck: check({ initially: 'unhealthy' }) })
    )
    for (const [name, health] of [
      ['plain', 'healthy'],
      ['good', 'healthy'],
      ['bad', 'unhealthy']
    ] as const) {
      const backend = registry.find(name, 'a:80')!
      assert.deepEqual(registry.observed(backend), { health, reason: 'initial', since: 1000 })
      assert.equal(backend.status === 0, health === 'healthy')
    }
  })

  test('starting is no flip', () => {
    const registry = new UpstreamRegistry()
    const flips = eventsOf(registry, 'flip')
    apply(registry, [group('a', ['a'], { healthCheck: check({ initially: 'unhealthy' }) })], 1)
    assert.deepEqual(flips, [])
  })
})

suite('verdicts', () => {
  test('a backend that becomes ill or well is one flip with its reason', () => {
    const registry = registryOf(group('catalog', ['a', 'b'], { healthCheck: check() }))
    const flips = eventsOf(registry, 'flip')
    for (const verdict of [well, ill, ill, { ...ill, reason: 'timeout' } as const, well, well]) {
      registry.observe({ group: 'catalog', id: 'b:80', ...verdict })
    }
    const facts = { group: 'catalog', backend: 'b:80', url: 'http://b' }
    assert.deepEqual(flips, [
      { ...facts, from: 'healthy', to: 'unhealthy', reason: 'connect_refused' },
      { ...facts, from: 'unhealthy', to: 'healthy', reason: 'probe_passed' }
    ])
    assert.equal(registry.find('catalog', 'a:80')?.status, 0)
  })

  test('the reason follows every verdict, the time only the flips', () => {
    let now = 1
    const registry = new UpstreamRegistry({ now: () => now })
    apply(registry, [group('catalog', ['a'], { healthCheck: check() })], 1)
    const backend = registry.find('catalog', 'a:80')!
    const seen = [ill, { ...ill, reason: 'timeout' } as const, well].map((verdict) => {
      now++
      registry.observe({ group: 'catalog', id: 'a:80', ...verdict })
      return registry.observed(backend)
    })
    assert.deepEqual(seen, [
      { health: 'unhealthy', reason: 'connect_refused', since: 2 },
      { health: 'unhealthy', reason: 'timeout', since: 2 },
      { health: 'healthy', reason: 'probe_passed', since: 4 }
    ])
  })

  test('one address in two groups has two verdicts', () => {
    const registry = registryOf(
      group('catalog', ['a'], { healthCheck: check() }),
      group('orders', ['a'], { healthCheck: check() })
    )
    registry.observe({ group: 'orders', id: 'a:80', ...ill })
    assert.equal(registry.find('catalog', 'a:80')?.status, 0)
    assert.equal(registry.find('orders', 'a:80')?.status, STATUS.ill)
  })

  test('a verdict that comes late, on a backend that is gone, is dropped', () => {
    const registry = registryOf(group('catalog', ['a', 'b'], { healthCheck: check() }))
    const flips = eventsOf(registry, 'flip')
    apply(registry, [group('catalog', ['a'], { healthCheck: check() })], 2)
    registry.observe({ group: 'catalog', id: 'b:80', ...ill })
    registry.observe({ group: 'nowhere', id: 'a:80', ...ill })
    assert.deepEqual(flips, [])
  })

  test('asking for the health of a backend that is gone is an error', () => {
    const registry = registryOf(group('catalog', ['a', 'b']))
    const gone = registry.find('catalog', 'b:80')!
    apply(registry, [group('catalog', ['a'])], 2)
    assert.throws(() => registry.observed(gone), /http:\/\/b.*catalog/)
  })
})

suite('a new configuration', () => {
  test('keeps health, in-flight numbers and counters of the backends that stay', () => {
    const healthCheck = check()
    const registry = registryOf(group('catalog', ['a', 'b', 'c'], { healthCheck }))
    const flips = eventsOf(registry, 'flip')
    registry.find('catalog', 'b:80')!.acquire()
    registry.find('catalog', 'b:80')!.begin()
    registry.observe({ group: 'catalog', id: 'b:80', ...ill })
    const before = registry.observed(registry.find('catalog', 'b:80')!)
    const next = {
      ...group('catalog', ['new', 'b'], { healthCheck: check({ initially: 'healthy', interval: 1 }) }),
      backends: [server('new'), server('b', { weight: 7 })]
    }
    apply(registry, [next], 2)
    const backend = registry.find('catalog', 'b:80')!
    assert.deepEqual(registry.observed(backend), before)
    assert.deepEqual([backend.inFlight, backend.weight, backend.status], [1, 7, STATUS.ill])
    assert.equal(registry.table.counter(backend.slot, BACKEND_COUNTER.attempts), 1)
    assert.equal(flips.length, 1)
  })

  test('is told once, with the new groups', () => {
    const registry = new UpstreamRegistry()
    const told: string[][] = []
    registry.on('groups', (groups) => told.push([...groups.keys()]))
    registry.prepare([group('a', ['a'])])
    assert.deepEqual(told, [])
    registry.commit([group('a', ['a'])], 1)
    apply(registry, [group('b', ['b'])], 2)
    assert.deepEqual(told, [['a'], ['b']])
  })

  test('starts a backend that comes back from the beginning', () => {
    const healthCheck = check()
    const registry = registryOf(group('catalog', ['a', 'b'], { healthCheck }))
    registry.observe({ group: 'catalog', id: 'b:80', ...ill })
    registry.find('catalog', 'b:80')!.acquire()
    registry.find('catalog', 'b:80')!.begin()
    apply(registry, [group('catalog', ['a'], { healthCheck })], 2)
    apply(registry, [group('catalog', ['a', 'b'], { healthCheck })], 3)
    const backend = registry.find('catalog', 'b:80')!
    assert.equal(registry.observed(backend).reason, 'initial')
    assert.deepEqual([backend.status, backend.inFlight], [0, 0])
  })

  test('that takes the health check away makes all well, and one that was ill flips', () => {
    const registry = registryOf(group('catalog', ['a', 'b'], { healthCheck: check() }))
    registry.observe({ group: 'catalog', id: 'b:80', ...ill })
    const flips = eventsOf(registry, 'flip')
    apply(registry, [group('catalog', ['a', 'b'])], 2)
    for (const id of ['a:80', 'b:80']) {
      const backend = registry.find('catalog', id)!
      assert.equal(backend.status, 0)
      assert.equal(registry.observed(backend).reason, 'no_health_check')
    }
    assert.deepEqual(flips, [
      {
        group: 'catalog',
        backend: 'b:80',
        url: 'http://b',
        from: 'unhealthy',
        to: 'healthy',
        reason: 'no_health_check'
      }
    ])
  })

  test('that brings a health check keeps those well that have traffic already', () => {
    const registry = registryOf(group('catalog', ['a']))
    apply(registry, [group('catalog', ['a', 'b'], { healthCheck: check({ initially: 'unhealthy' }) })], 2)
    assert.equal(registry.find('catalog', 'a:80')?.status, 0)
    assert.equal(registry.find('catalog', 'b:80')?.status, STATUS.ill)
  })
})

suite('a configuration that is only prepared', () => {
  test('changes neither the groups nor anybody’s health', () => {
    const registry = registryOf(group('catalog', ['a', 'b'], { healthCheck: check() }))
    registry.observe({ group: 'catalog', id: 'b:80', ...ill })
    const groups = registry.groups
    const next = [group('catalog', ['b', 'c']), group('orders', ['d'])]
    registry.prepare(next)
    assert.deepEqual(
      registry.slots.entries().map(([key]) => key),
      ['catalog http://a', 'catalog http://b', 'catalog http://c', 'orders http://d']
    )
    assert.deepEqual(
      registry.groupSlots.entries().map(([key]) => key),
      ['catalog', 'orders']
    )
    assert.equal(registry.groups, groups)
    assert.equal(registry.find('catalog', 'b:80')?.status, STATUS.ill)
    assert.equal(registry.find('orders', 'd:80'), undefined)
  })

  test('leaves no trace when it is given up', () => {
    const registry = registryOf(group('catalog', ['a'], { healthCheck: check() }))
    registry.observe({ group: 'catalog', id: 'a:80', ...ill })
    const before = registry.slots.entries()
    const bad = check({ initially: 'unhealthy' })
    registry.prepare([group('catalog', ['a', 'b'], { healthCheck: bad }), group('orders', ['d'])])
    registry.abort()
    assert.deepEqual(registry.slots.entries(), before)
    assert.equal(registry.find('catalog', 'a:80')?.status, STATUS.ill)
    registry.slots.reclaim(2)
    assert.equal(registry.slots.retired, 0)
    apply(registry, [group('catalog', ['a', 'b'], { healthCheck: check() })], 3)
    const backend = registry.find('catalog', 'b:80')!
    assert.equal(backend.status, 0)
    assert.deepEqual(registry.observed(backend), { health: 'healthy', reason: 'initial', since: 1000 })
  })
})
