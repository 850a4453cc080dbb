import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { BalancingAlgorithm } from '../../src/config/types.ts'
import { PLAIN } from './balanced.ts'
import * as scenarios from './scenarios.ts'
import { type Evenness, shareOf } from './scenarios.ts'
import { Simulation } from './simulator.ts'

/**
 * What an algorithm promises of backends that are well and equally fast. Shares and attempts in flight are relative to
 * the average of them, over five seconds in which each has 120 requests on average.
 */
interface Bounds {
  /** Nobody gets less: starved. */
  readonly leastShare: number
  /** Nobody has more in flight on average: overloaded. */
  readonly mostInFlight: number
  /** Seconds after a recovery from which on the share of those that came back stays near 1. */
  readonly settlesIn: number
  /** How near: the share in each second, of five backends together. */
  readonly swing: number
  /** The same as mostInFlight of a thousand in their first second. */
  readonly mostOfThousand: number
  /** How many of a thousand may have had nothing by then. */
  readonly idleOfThousand: number
  /** Most and least of what three times the weight, or the weight it had before, makes of the share, as a factor. */
  readonly reweighted: number
  /** Share in the first second of a slow start of four: it begins with a tenth. */
  readonly firstOfSlowStart: number
}

/*
 * Random has no bound but chance: five seconds of 120 requests differ by a quarter, and its queues with them. Those that
 * go by latency prefer whoever was quick lately, and are slow to trust one that was not.
 */
const BOUNDS: Record<BalancingAlgorithm, Bounds> = {
  'round-robin': {
    leastShare: 0.97,
    mostInFlight: 2,
    settlesIn: 1,
    swing: 0.1,
    mostOfThousand: 4,
    idleOfThousand: 50,
    reweighted: 1.4,
    firstOfSlowStart: 0.25
  },
  'least-connections': {
    leastShare: 0.7,
    mostInFlight: 1.15,
    settlesIn: 1,
    swing: 0.3,
    mostOfThousand: 1.5,
    idleOfThousand: 50,
    reweighted: 1.4,
    // Whenever it is idle it is the next, whatever its weight: with one at a time it has 0.4.
    firstOfSlowStart: 0.6
  },
  'least-latency': {
    leastShare: 0.15,
    mostInFlight: 1.6,
    settlesIn: 5,
    swing: 0.4,
    mostOfThousand: 10,
    // The first ones that answer quickly are preferred, until the others' values are in.
    idleOfThousand: 150,
    reweighted: 1.5,
    firstOfSlowStart: 0.3
  },
  random: {
    leastShare: 0.65,
    mostInFlight: 3,
    settlesIn: 1,
    swing: 0.3,
    mostOfThousand: 6,
    idleOfThousand: 50,
    reweighted: 1.4,
    firstOfSlowStart: 0.25
  },
  'random-two': {
    leastShare: 0.7,
    mostInFlight: 1.3,
    settlesIn: 1,
    swing: 0.25,
    mostOfThousand: 2.8,
    idleOfThousand: 50,
    reweighted: 1.4,
    firstOfSlowStart: 0.3
  },
  hash: {
    leastShare: 0.7,
    mostInFlight: 1.35,
    settlesIn: 1,
    swing: 0.25,
    mostOfThousand: 2.5,
    idleOfThousand: 50,
    reweighted: 1.4,
    firstOfSlowStart: 0.25
  },
  'ip-hash': {
    leastShare: 0.7,
    mostInFlight: 1.35,
    settlesIn: 1,
    swing: 0.25,
    mostOfThousand: 2.5,
    idleOfThousand: 50,
    reweighted: 1.4,
    firstOfSlowStart: 0.25
  }
}
const SEED = 1

for (const [name, bounds] of Object.entries(BOUNDS)) {
  const algorithm = name as BalancingAlgorithm
  const {
    leastShare,
    mostInFlight,
    settlesIn,
    swing,
    mostOfThousand,
    idleOfThousand,
    reweighted,
    firstOfSlowStart
  } = bounds
  const isWithin = (ratio: number, factor: number): boolean => ratio <= factor && ratio >= 1 / factor
  const holds = ({ share, inFlight }: Evenness): void => {
    assert.ok(share.least >= leastShare, `least share ${share.least}`)
    assert.ok(inFlight.most <= mostInFlight, `most in flight ${inFlight.most}`)
  }
  const settles = (shares: readonly number[]): void => {
    for (const [second, share] of shares.entries()) {
      if (second >= settlesIn) assert.ok(Math.abs(share - 1) <= swing, `by seconds: ${shares.join()}`)
    }
  }
  const even = `each well one gets ≥ ${leastShare} × its fair share and has ≤ ${mostInFlight} × the average in flight`

  suite(`${algorithm}, 50 backends, two threads, load 0.6`, () => {
    test(`nothing happens: ${even}`, () => {
      holds(scenarios.steady(algorithm, SEED))
    })

    test(`a tenth 4 × as slow: ${even}; quick again, they are within ${swing} of it ${settlesIn} s later`, () => {
      const { others, after } = scenarios.slowdown(algorithm, SEED)
      holds(others)
      settles(after)
    })

    test(`a tenth fails: no request is lost once that is seen, ${even}; back, they settle in ${settlesIn} s`, () => {
      const { while: others, lost, toIll, after } = scenarios.failure(algorithm, SEED)
      holds(others)
      assert.equal(lost, 0)
      assert.equal(toIll, 0)
      settles(after)
    })

    test(`all fail and come back at once: nobody is picked meanwhile, then ${even}`, () => {
      const { ill, unseen, back, lost } = scenarios.massFailure(algorithm, SEED, PLAIN)
      assert.equal(ill.served + ill.failed, 0)
      assert.ok(ill.refused > 1000)
      assert.equal(unseen.served, 0, 'nobody has seen yet that they are back')
      assert.equal(lost, 0)
      holds(back)
    })

    test(`the same with a panic threshold and slow starts: served before probes see it, then ${even}`, () => {
      const settings = { panicThreshold: 50, slowStart: { window: 2000, aggression: 1 } }
      const { ill, unseen, back, lost } = scenarios.massFailure(algorithm, SEED, settings)
      assert.equal(ill.refused, 0)
      assert.ok(ill.failed > 1000)
      assert.ok(unseen.served > 400)
      assert.equal(unseen.refused + unseen.failed, 0)
      assert.equal(lost, 0)
      holds(back)
    })

    test(`one flaps every second: no request is lost, ${even}`, () => {
      const { others, lost } = scenarios.flapping(algorithm, SEED)
      holds(others)
      assert.equal(lost, 0)
    })

    test(`1,000 that begin together: ≤ ${mostOfThousand} × the average in flight, at most ${idleOfThousand} have no traffic at once`, () => {
      const { starved, evenness } = scenarios.thousand(algorithm, SEED)
      assert.ok(starved <= idleOfThousand, `${starved} without traffic`)
      assert.ok(evenness.inFlight.most <= mostOfThousand, `most in flight ${evenness.inFlight.most}`)
    })

    test(`weights 3 for a tenth under load: 3 × the others after 2 s, then as before, within × ${reweighted}`, () => {
      const { heavy, after, lost } = scenarios.reweighting(algorithm, SEED)
      // 3 of 5 × 3 + 45 × 1, times 50.
      assert.ok(isWithin(heavy[2]! / 2.5, reweighted), `with weights: ${heavy.join()}`)
      assert.ok(isWithin(after[2]!, reweighted), `without: ${after.join()}`)
      assert.equal(lost, 0)
    })

    test(`slow start of 4 s: ≤ ${firstOfSlowStart} of a share in the first, half at half time, all of it 2 s after`, () => {
      // One run's figures differ by chance: five backends together have some hundred requests in a second.
      const runs = [0, 1, 2, 3].map((run) => scenarios.slowStart(algorithm, SEED + run))
      const shares = runs[0]!.map((_, second) =>
        runs.reduce((sum, run) => sum + run[second]! / runs.length, 0)
      )
      assert.ok(shares[0]! <= firstOfSlowStart, shares.join())
      assert.ok(shares[1]! <= 0.7, shares.join())
      assert.ok(Math.abs(shares[6]! - 1) <= 0.4, shares.join())
    })
  })

  test(`${algorithm}, one backend: it gets all, nobody while it is ill, all again afterwards`, () => {
    const simulation = new Simulation({ algorithm, backends: 1, load: 0.5 })
    assert.equal(simulation.run(5000).refused, 0)
    simulation.setIll([0], true)
    const ill = simulation.run(5000)
    assert.equal(ill.picks[0], 0)
    assert.ok(ill.refused > 50)
    simulation.setIll([0], false)
    const well = simulation.run(5000)
    assert.equal(well.refused + well.failed, 0)
    assert.equal(shareOf(well, [0]), 1)
    simulation.finish()
    assert.equal(simulation.backends[0]!.inFlight, 0)
  })
}
