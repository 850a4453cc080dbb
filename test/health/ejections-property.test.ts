import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS } from '../../src/balancing/candidate.ts'
import { OutlierDetector } from '../../src/health/outlier-detector.ts'
import type { EjectionChange } from '../../src/upstreams/registry-events.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { between, oneOf, seeded } from '../balancing/seeded.ts'
import { apply, check, group, outlierDetection } from '../upstreams/groups.ts'

const HOSTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const STATES = ['active', 'active', 'draining', 'disabled'] as const
const EJECT_FOR = 2_000
const LONGEST = 10_000
const SLOW_START = 3_000

/** A registry with outlier detection, wired as on the control plane, to which anything may happen. */
class World {
  now = 0
  readonly registry = new UpstreamRegistry({ now: () => this.now, sharedNow: () => this.now + 1 })
  readonly changes: EjectionChange[] = []
  percent = 50
  #version = 0
  readonly #random: () => number
  readonly #detector = new OutlierDetector({
    now: () => this.now,
    onEject: (of, id, reason, duration) => this.registry.eject(of, id, reason, this.now + duration),
    onReadmit: (of, id, reason) => this.registry.readmit(of, id, reason),
    onWithheld: () => {}
  })

  constructor(random: () => number) {
    this.#random = random
    this.registry.on('groups', (groups) => this.#detector.update(groups.values()))
    this.registry.on('suspect', (of, id) => this.#detector.suspect(of, id))
    this.registry.on('ejection', (change) => {
      this.changes.push(change)
      if (change.state === 'enforced') this.#assertAllowed(change.backend)
    })
    this.reload()
  }

  get backends() {
    return this.registry.groups.get('catalog')!.backends
  }

  step(): void {
    const random = this.#random
    const { live } = this.registry.groups.get('catalog')!
    const before = new Map(this.backends.map((backend) => [backend.slot, backend.status]))
    const { epoch } = live
    const backend = oneOf(random, this.backends)
    const { group: of, id } = backend
    const chance = random()
    if (chance < 0.5) this.#serve(between(random, 1, 8))
    else if (chance < 0.6)
      this.registry.observe({ group: of, id, healthy: random() < 0.7, reason: 'timeout' })
    else if (chance < 0.65) this.#detector.passed(of, id)
    else if (chance < 0.75) this.registry.setState(of, id, oneOf(random, STATES))
    else if (chance < 0.8) this.reload()
    else this.pass(between(random, 1, 20))
    this.#assertTrue(before, live.epoch !== epoch)
  }

  /** @param ticks - Steps of the control plane. */
  pass(ticks: number): void {
    for (; ticks > 0; ticks--) {
      this.now += 100
      this.#detector.tick()
      this.registry.tick()
      this.#assertBounds()
    }
  }

  reload(): void {
    const random = this.#random
    const hosts = HOSTS.filter(() => random() < 0.7)
    this.percent = oneOf(random, [0, 30, 50, 99, 100])
    const detection = outlierDetection({
      consecutiveFailures: between(random, 1, 4),
      ejectFor: EJECT_FOR,
      maxEjectFor: LONGEST,
      maxEjectedPercent: this.percent,
      dryRun: random() < 0.1,
      interval: 1_000
    })
    apply(
      this.registry,
      [
        group('catalog', hosts.length > 0 ? hosts : ['a'], {
          slowStart: SLOW_START,
          ...(random() < 0.8 && { healthCheck: check() }),
          ...(random() < 0.9 && { outlierDetection: detection })
        })
      ],
      ++this.#version
    )
  }

  #serve(count: number): void {
    const backend = oneOf(this.#random, this.backends)
    for (; count > 0; count--) {
      backend.acquire()
      backend.begin()
      backend.end(this.#random() < 0.6 ? 'failed' : 'succeeded')
    }
  }

  #assertAllowed(id: string): void {
    const { backends } = this
    const ejected = backends.filter((each) => (each.status & STATUS.ejected) !== 0).length
    const most = Math.max(1, Math.floor((backends.length * this.percent) / 100))
    assert.ok(ejected <= most, `${ejected} of ${backends.length} with ${this.percent} %`)
    const left = backends.filter((each) => each.id !== id && each.status === 0)
    assert.ok(left.length > 0 || this.percent === 100, 'somebody else has traffic')
  }

  /** Also when a reload, an operator or probes took others away since. */
  #assertBounds(): void {
    const ejected = this.backends.filter(({ status }) => (status & STATUS.ejected) !== 0)
    const most = Math.max(1, Math.floor((this.backends.length * this.percent) / 100))
    assert.ok(ejected.length <= most, `${ejected.length} of ${this.backends.length} with ${this.percent} %`)
    if (this.percent === 100 || this.backends.some(({ status }) => status === 0)) return
    assert.ok(
      ejected.every(({ status }) => status !== STATUS.ejected),
      'an ejection alone leaves nobody'
    )
  }

  #assertTrue(before: ReadonlyMap<number, number>, isRenewed: boolean): void {
    for (const backend of this.backends) {
      const state = this.registry.administrative(backend)
      const ejection = this.registry.ejection(backend)
      const { health, reason } = this.registry.observed(backend)
      const { status, slowStartAt } = backend
      assert.equal((status & STATUS.draining) !== 0, state === 'draining')
      assert.equal((status & STATUS.disabled) !== 0, state === 'disabled')
      assert.equal((status & STATUS.ejected) !== 0, ejection !== undefined)
      assert.equal(health === 'unhealthy', (status & (STATUS.ill | STATUS.ejected)) !== 0)
      if (ejection) assert.equal(reason, ejection.reason)
      if (status !== 0) assert.equal(slowStartAt, 0)
      const old = before.get(backend.slot)
      if (old !== undefined && old !== status) assert.ok(isRenewed, 'threads are told')
    }
  }
}

test('whatever happens, in any order: ejections keep their bounds, end, and threads are told', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new World(seeded(seed))
    for (let count = 0; count < 500; count++) world.step()
    world.pass((LONGEST + SLOW_START) / 100 + 1)
    for (const backend of world.backends) {
      assert.equal(world.registry.ejection(backend), undefined, `${backend.id} is back (seed ${seed})`)
      assert.equal(backend.slowStartAt, 0)
      assert.equal(backend.inFlight, 0)
    }
    const enforced = world.changes.filter(({ state }) => state === 'enforced').length
    assert.ok(enforced > 10, `${enforced} ejections (seed ${seed})`)
  }
})
