import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Backend, STATUS } from '../../src/upstreams/backend.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, check, eventsOf, group, outlierDetection } from './groups.ts'

const FACTS = { group: 'catalog', backend: 'b:80', url: 'http://b' }

function registryOf(...groups: Parameters<typeof apply>[1]): UpstreamRegistry {
  const registry = new UpstreamRegistry({ now: () => 1000 })
  apply(registry, groups.length > 0 ? groups : [group('catalog', ['a', 'b'])], 1)
  return registry
}

function backendOf(registry: UpstreamRegistry, id = 'b:80'): Backend {
  return registry.find('catalog', id)!
}

suite('administrative state', () => {
  test('is active at first; another one is written for all threads, told once, and renews what they know', () => {
    const registry = registryOf()
    const { live } = registry.groups.get('catalog')!
    const changes = eventsOf(registry, 'state')
    const backend = backendOf(registry)
    backend.acquire()
    assert.equal(registry.administrative(backend), 'active')
    const seen = (['draining', 'draining', 'disabled', 'active'] as const).map((state) => {
      const { epoch } = live
      assert.equal(registry.setState('catalog', 'b:80', state), true)
      return [registry.administrative(backend), backend.status, live.epoch > epoch]
    })
    assert.deepEqual(seen, [
      ['draining', STATUS.draining, true],
      ['draining', STATUS.draining, false],
      ['disabled', STATUS.disabled, true],
      ['active', 0, true]
    ])
    assert.deepEqual(changes, [
      { ...FACTS, from: 'active', to: 'draining', inFlight: 1 },
      { ...FACTS, from: 'draining', to: 'disabled', inFlight: 1 },
      { ...FACTS, from: 'disabled', to: 'active', inFlight: 1 }
    ])
    assert.equal(backendOf(registry, 'a:80').status, 0)
  })

  test('of a backend that nobody knows changes nothing, and says so', () => {
    const registry = registryOf()
    const changes = eventsOf(registry, 'state')
    assert.equal(registry.setState('catalog', 'c:80', 'disabled'), false)
    assert.equal(registry.setState('orders', 'b:80', 'disabled'), false)
    assert.deepEqual(changes, [])
  })

  test('stands beside health: neither touches the other', () => {
    const registry = registryOf(group('catalog', ['a', 'b'], { healthCheck: check() }))
    const backend = backendOf(registry)
    registry.setState('catalog', 'b:80', 'draining')
    registry.observe({ group: 'catalog', id: 'b:80', healthy: false, reason: 'timeout' })
    assert.equal(backend.status, STATUS.draining | STATUS.ill)
    assert.equal(registry.observed(backend).reason, 'timeout')
    registry.setState('catalog', 'b:80', 'active')
    assert.equal(backend.status, STATUS.ill)
  })

  test('that takes a backend out is told to be done when nothing is in flight any more, once each', () => {
    const registry = registryOf()
    const drained = eventsOf(registry, 'drained')
    const backend = backendOf(registry)
    backend.acquire()
    registry.setState('catalog', 'b:80', 'draining')
    assert.equal(registry.tick(), true)
    assert.deepEqual(drained, [])
    backend.end('succeeded')
    registry.tick()
    assert.deepEqual(drained, [{ ...FACTS, state: 'draining' }])
    // A session comes and goes.
    backend.acquire()
    registry.tick()
    backend.end('succeeded')
    assert.equal(registry.tick(), false)
    registry.setState('catalog', 'b:80', 'disabled')
    registry.tick()
    registry.setState('catalog', 'b:80', 'active')
    registry.tick()
    assert.deepEqual(drained.slice(1), [{ ...FACTS, state: 'disabled' }])
  })

  test('is kept over reloads, and forgotten with its backend', () => {
    const registry = registryOf()
    registry.setState('catalog', 'b:80', 'disabled')
    apply(registry, [group('catalog', ['b', 'c'])], 2)
    assert.equal(registry.administrative(backendOf(registry)), 'disabled')
    assert.equal(backendOf(registry).status, STATUS.disabled)
    apply(registry, [group('catalog', ['c'])], 3)
    apply(registry, [group('catalog', ['b', 'c'])], 4)
    assert.equal(registry.administrative(backendOf(registry)), 'active')
    assert.equal(backendOf(registry).status, 0)
  })
})

suite('an ejection', () => {
  test('is what is observed of a backend, above what probes say, until it is readmitted', () => {
    const registry = registryOf(group('catalog', ['a', 'b'], { healthCheck: check() }))
    const changes = eventsOf(registry, 'ejection')
    const flips = eventsOf(registry, 'flip')
    const backend = backendOf(registry)
    registry.eject('catalog', 'b:80', 'success_rate', 31_000)
    registry.eject('catalog', 'b:80', 'consecutive_failures', 99_000)
    assert.deepEqual(registry.observed(backend), { health: 'unhealthy', reason: 'success_rate', since: 1000 })
    assert.deepEqual(registry.ejection(backend), { reason: 'success_rate', since: 1000, until: 31_000 })
    assert.equal(backend.status, STATUS.ejected)
    registry.observe({ group: 'catalog', id: 'b:80', healthy: false, reason: 'timeout' })
    assert.equal(backend.status, STATUS.ejected | STATUS.ill)
    assert.equal(registry.observed(backend).reason, 'success_rate')
    registry.readmit('catalog', 'b:80', 'time_passed')
    registry.readmit('catalog', 'b:80', 'time_passed')
    assert.equal(backend.status, STATUS.ill)
    assert.equal(registry.observed(backend).reason, 'timeout')
    assert.equal(registry.ejection(backend), undefined)
    assert.deepEqual(changes, [
      {
        ...FACTS,
        state: 'enforced',
        reason: 'success_rate',
        dryRun: false,
        until: '1970-01-01T00:00:31.000Z'
      },
      { ...FACTS, state: 'ended', reason: 'time_passed', dryRun: false }
    ])
    assert.deepEqual(
      flips.map(({ to }) => to),
      ['unhealthy']
    )
  })

  test('is kept over reloads, and forgotten with its backend', () => {
    const registry = registryOf()
    registry.eject('catalog', 'b:80', 'consecutive_failures', 31_000)
    apply(registry, [group('catalog', ['b'])], 2)
    assert.equal(backendOf(registry).status, STATUS.ejected)
    apply(registry, [group('catalog', ['a'])], 3)
    registry.readmit('catalog', 'b:80', 'time_passed')
    apply(registry, [group('catalog', ['a', 'b'])], 4)
    assert.equal(registry.observed(backendOf(registry)).health, 'healthy')
    assert.equal(backendOf(registry).status, 0)
  })

  test('is reported by whoever serves traffic over the registry’s own view', () => {
    const registry = registryOf(
      group('catalog', ['a', 'b'], {
        outlierDetection: outlierDetection({ consecutiveFailures: 2 })
      })
    )
    const suspects: string[] = []
    registry.on('suspect', (of, id) => suspects.push(`${of} ${id}`))
    for (let count = 0; count < 2; count++) {
      backendOf(registry).acquire()
      backendOf(registry).end('failed')
    }
    assert.deepEqual(suspects, ['catalog b:80'])
  })
})
