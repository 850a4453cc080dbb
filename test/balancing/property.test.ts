import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS } from '../../src/balancing/candidate.ts'
import { drawLineup, type LineupSettings } from '../../src/balancing/lineup.ts'
import { verdictsOf } from '../../src/balancing/verdicts.ts'
import { stamp } from '../../src/shared-clock.ts'
import { algorithmNames } from './algorithm-names.ts'
import { type Balanced, balanced } from './balanced.ts'
import { FakeBackend, type FakeFacts } from './fake-backend.ts'
import { between, oneOf, seeded } from './seeded.ts'

const SEQUENCES = 100
const STEPS = 150
const BITS = Object.keys(STATUS) as (keyof typeof STATUS)[]
const OPERATORS = STATUS.draining | STATUS.disabled

/** A request that has been at some backends, and is at the last of them. */
interface Request {
  readonly at: FakeBackend
  readonly tried: readonly FakeBackend[]
}

/** A group under random events: two threads over the same counters. */
class Sequence {
  readonly #random: () => number
  readonly #algorithm: (typeof algorithmNames)[number]
  readonly #settings: LineupSettings
  #all: readonly FakeBackend[]
  #threads: readonly Balanced[] = []
  #underWay: Request[] = []
  #now = 100_000

  constructor(algorithm: (typeof algorithmNames)[number], seed: number) {
    this.#random = seeded(seed)
    this.#algorithm = algorithm
    this.#settings = {
      panicThreshold: oneOf(this.#random, [0, 0, 30, 50, 100]),
      slowStart: oneOf(this.#random, [
        undefined,
        { window: 2000, aggression: oneOf(this.#random, [0.5, 1, 2]) }
      ])
    }
    this.#all = Array.from(
      { length: between(this.#random, 1, 9) },
      (_, place) => new FakeBackend(place, this.#facts())
    )
    this.#balance()
  }

  step(): void {
    const chance = this.#random()
    if (chance < 0.45) this.#begin([])
    else if (chance < 0.75) this.#end()
    else if (chance < 0.85) this.#fail()
    else if (chance < 0.96) this.#changeStatus()
    else this.#reload()
    this.#now += between(this.#random, 0, 200)
    for (const { clock } of this.#threads) clock.now = this.#now
    for (const { inFlight } of this.#all) assert.ok(inFlight >= 0)
  }

  /** Everything comes to its end. */
  finish(): void {
    while (this.#underWay.length > 0) this.#end()
    for (const { name, inFlight } of this.#all) assert.equal(inFlight, 0, `in flight at ${name} at the end`)
  }

  #begin(tried: readonly FakeBackend[]): void {
    const before = this.#all.map((backend) => ({ backend, isFull: backend.isFull }))
    const mayServe = this.#whoMayServe()
    const open = before
      .filter(({ backend, isFull }) => mayServe.has(backend) && !isFull)
      .map(({ backend }) => backend)
    const fresh = open.filter((backend) => !tried.includes(backend))
    const { balancer } = oneOf(this.#random, this.#threads)
    const key = this.#random() < 0.8 ? Math.floor(this.#random() * 2 ** 32) : undefined
    const picked = balancer.pick(tried, key)
    if (!picked) {
      assert.deepEqual(fresh, [], 'somebody might have been picked')
      const isAnybodyFull = [...mayServe].some((backend) => !tried.includes(backend))
      const nobody = mayServe.size === 0 ? 'no_usable_backend' : isAnybodyFull ? 'at_capacity' : 'all_tried'
      assert.equal(balancer.nobody, nobody)
      return
    }
    assert.ok(fresh.includes(picked), `${picked.name} may not be picked`)
    assert.ok(picked.maxInFlight === 0 || picked.inFlight <= picked.maxInFlight, 'above its cap')
    this.#underWay.push({ at: picked, tried: [...tried, picked] })
    const isIll = (picked.status & (STATUS.ill | STATUS.ejected)) !== 0
    if (isIll) assert.equal(balancer.reason, 'panic')
  }

  /** The definition, in other words than the code's: tiers that panic use the ill ones too. */
  #whoMayServe(): Set<FakeBackend> {
    const inService = this.#all.filter(({ status, weight }) => !(status & OPERATORS) && weight > 0)
    const tiers = Map.groupBy(inService, ({ tier }) => tier)
    const wellOf = (members: readonly FakeBackend[]): FakeBackend[] =>
      members.filter(({ status }) => status === 0)
    const bear = [...tiers.values()].map((members) =>
      Math.min(1, (1.4 * wellOf(members).length) / members.length)
    )
    const canBearAll = bear.reduce((sum, each) => sum + each, 0) > 1 - 1e-9
    const served = new Set<FakeBackend>()
    for (const [number, members] of tiers) {
      const well = wellOf(members)
      const hasHelp = canBearAll && inService.some(({ tier, status }) => tier !== number && status === 0)
      const isPanic = !hasHelp && well.length / members.length < this.#settings.panicThreshold / 100
      for (const backend of isPanic ? members : well) served.add(backend)
    }
    return served
  }

  #end(): Request | undefined {
    if (this.#underWay.length === 0) return undefined
    const [request] = this.#underWay.splice(between(this.#random, 0, this.#underWay.length - 1), 1)
    request!.at.end()
    request!.at.learnSuccess(this.#random() * 500, this.#now)
    return request
  }

  /** An attempt fails: it is tried elsewhere. */
  #fail(): void {
    const request = this.#end()
    if (!request) return
    request.at.learnFailure(this.#now)
    this.#begin(request.tried.map(({ place }) => this.#all[place]!))
  }

  #changeStatus(): void {
    const backend = oneOf(this.#random, this.#all)
    const bit = oneOf(this.#random, BITS)
    const on = this.#random() < 0.5
    backend.set(bit, on)
    if (!on) backend.setSlowStart(stamp(this.#now))
    for (const { renew } of this.#threads) renew()
    this.#holdVerdicts()
  }

  /** Other weights, tiers and caps, over the same counters. */
  #reload(): void {
    this.#all = this.#all.map((backend) => backend.reloaded(this.#facts()))
    this.#balance()
  }

  #balance(): void {
    this.#threads = [1, 2].map(() => balanced(this.#all, this.#algorithm, this.#settings, this.#random))
    for (const { clock } of this.#threads) clock.now = this.#now
  }

  #facts(): FakeFacts {
    return {
      weight: oneOf(this.#random, [0, 1, 1, 1, 2, 1000]),
      tier: oneOf(this.#random, [0, 0, 0, 1, 2]),
      maxInFlight: oneOf(this.#random, [0, 0, 1, 2, 5])
    }
  }

  #holdVerdicts(): void {
    const verdicts = verdictsOf(this.#all, drawLineup(this.#all, this.#settings, this.#now))
    const mayServe = this.#whoMayServe()
    const accepted = verdicts.filter((verdict) => verdict.accepted)
    for (const { candidate, share } of accepted) {
      assert.ok(mayServe.has(candidate) && !candidate.isFull, `${candidate.name} is accepted`)
      assert.ok(share > 0 && share <= 1 + 1e-9)
    }
    const sum = accepted.reduce((total, { share }) => total + share, 0)
    const isAnybodyOpen = [...mayServe].some(({ isFull }) => !isFull)
    assert.ok(Math.abs(sum - (isAnybodyOpen ? 1 : 0)) < 1e-8, `shares add up to ${sum}`)
  }
}

for (const algorithm of algorithmNames) {
  test(`${algorithm}: whatever happens, whoever may be picked is, nobody else, and no count is lost`, () => {
    for (let seed = 1; seed <= SEQUENCES; seed++) {
      const sequence = new Sequence(algorithm, seed)
      for (let step = 0; step < STEPS; step++) {
        try {
          sequence.step()
        } catch (error) {
          throw new Error(`sequence ${seed}, step ${step}`, { cause: error })
        }
      }
      sequence.finish()
    }
  })
}
