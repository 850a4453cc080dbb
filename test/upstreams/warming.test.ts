import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { stamp } from '../../src/shared-clock.ts'
import type { Backend } from '../../src/upstreams/backend.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, check, group } from './groups.ts'

const WINDOW = 30_000

/** A registry whose clock a test sets, with one group that has a slow start. */
class Lab {
  now = 5_000
  readonly registry = new UpstreamRegistry({ now: () => 1, sharedNow: () => this.now })
  #version = 0

  constructor(...parameters: Parameters<Lab['apply']>) {
    this.apply(...parameters)
  }

  apply(hosts: readonly string[], more: Parameters<typeof group>[2] = { slowStart: WINDOW }): void {
    apply(this.registry, [group('catalog', hosts, more)], ++this.#version)
  }

  backend(host = 'a'): Backend {
    return this.registry.find('catalog', `${host}:80`)!
  }

  verdict(healthy: boolean, host = 'a'): void {
    const reason = healthy ? 'probe_passed' : 'timeout'
    this.registry.observe({ group: 'catalog', id: `${host}:80`, healthy, reason })
  }
}

suite('a slow start', () => {
  test('begins for nobody at process start', () => {
    const lab = new Lab(['a', 'b'])
    assert.deepEqual([lab.backend('a').slowStartAt, lab.backend('b').slowStartAt], [0, 0])
  })

  test('begins with a recovery, an end of an ejection, and a return to service', () => {
    const lab = new Lab(['a'], { slowStart: WINDOW, healthCheck: check() })
    const backend = lab.backend()
    lab.verdict(true)
    const ways: [leave: () => void, comeBack: () => void][] = [
      [() => lab.verdict(false), () => lab.verdict(true)],
      [
        () => lab.registry.eject('catalog', 'a:80', 'success_rate', 9),
        () => lab.registry.readmit('catalog', 'a:80', 'time_passed')
      ],
      [
        () => lab.registry.setState('catalog', 'a:80', 'disabled'),
        () => lab.registry.setState('catalog', 'a:80', 'active')
      ]
    ]
    for (const [leave, comeBack] of ways) {
      leave()
      assert.equal(backend.slowStartAt, 0, 'one that is out does not warm up')
      lab.now += 1000
      comeBack()
      assert.deepEqual([backend.status, backend.slowStartAt], [0, stamp(lab.now)])
    }
  })

  test('begins when nothing keeps the backend out any more, not before', () => {
    const lab = new Lab(['a'], { slowStart: WINDOW, healthCheck: check() })
    lab.verdict(true)
    lab.verdict(false)
    lab.registry.eject('catalog', 'a:80', 'success_rate', 9)
    lab.verdict(true)
    assert.equal(lab.backend().slowStartAt, 0)
    lab.registry.readmit('catalog', 'a:80', 'time_passed')
    assert.equal(lab.backend().slowStartAt, stamp(lab.now))
  })

  test('does not begin with the first verdict on a backend that started unproven with its group', () => {
    const more = { slowStart: WINDOW, healthCheck: check({ initially: 'unhealthy' as const }) }
    const lab = new Lab(['a'], more)
    lab.verdict(true)
    assert.deepEqual([lab.backend().status, lab.backend().slowStartAt], [0, 0])
    lab.verdict(false)
    lab.verdict(true)
    assert.equal(lab.backend().slowStartAt, stamp(lab.now))
  })

  test('begins for a backend that joins a group, at once or when it is well', () => {
    const more = { slowStart: WINDOW, healthCheck: check({ initially: 'unhealthy' as const }) }
    const lab = new Lab(['a'])
    lab.apply(['a', 'b'])
    assert.deepEqual([lab.backend('a').slowStartAt, lab.backend('b').slowStartAt], [0, stamp(lab.now)])
    lab.apply(['a', 'b', 'c'], more)
    assert.equal(lab.backend('c').slowStartAt, 0)
    lab.now += 7
    lab.verdict(true, 'c')
    assert.equal(lab.backend('c').slowStartAt, stamp(lab.now))
  })

  test('ends with its window, and threads are told; a reload in between changes nothing but the window', () => {
    const lab = new Lab(['a'])
    lab.apply(['a', 'b'])
    const began = stamp(lab.now)
    lab.now += WINDOW - 1
    lab.apply(['b', 'a'])
    assert.equal(lab.registry.tick(), true)
    assert.equal(lab.backend('b').slowStartAt, began)
    const { live } = lab.registry.groups.get('catalog')!
    const { epoch } = live
    lab.now += 1
    lab.registry.tick()
    assert.equal(lab.backend('b').slowStartAt, 0)
    assert.ok(live.epoch > epoch)
    assert.equal(lab.registry.tick(), false)
  })

  test('ends when its group has none any more', () => {
    const lab = new Lab(['a'])
    lab.apply(['a', 'b'])
    lab.apply(['a', 'b'], {})
    lab.registry.tick()
    assert.equal(lab.backend('b').slowStartAt, 0)
  })

  test('is none where the group has none', () => {
    const lab = new Lab(['a'], { healthCheck: check() })
    lab.verdict(true)
    lab.verdict(false)
    lab.verdict(true)
    lab.apply(['a', 'b'], {})
    assert.deepEqual([lab.backend('a').slowStartAt, lab.backend('b').slowStartAt], [0, 0])
  })
})

test('threads that build from what is only prepared see the status of all, and a new one is cold at once', () => {
  const lab = new Lab(['a'])
  const healthCheck = check({ initially: 'unhealthy' })
  lab.registry.prepare([
    group('catalog', ['a', 'b'], { slowStart: WINDOW }),
    group('new', ['n'], { healthCheck })
  ])
  const { table, slots } = lab.registry
  const words = [...slots.entries()].map(([key, slot]) => {
    const first = table.sharedIndex(slot)
    return [key, ...table.page(slot).shared.subarray(first, first + table.layout.shared)]
  })
  assert.deepEqual(words, [
    ['catalog http://a', 0, 0, 0, 0, 0, 0, 0],
    ['catalog http://b', 0, 0, 0, 0, stamp(lab.now), 0, 0],
    ['new http://n', 1, 0, 0, 0, 0, 0, 0]
  ])
})
