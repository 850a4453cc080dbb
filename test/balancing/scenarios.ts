import type { LineupSettings } from '../../src/balancing/lineup.ts'
import type { BalancingAlgorithm } from '../../src/config/types.ts'
import type { FakeBackend } from './fake-backend.ts'
import { type Report, Simulation } from './simulator.ts'

/*
 * What the simulator's tests run: each returns figures that a test holds against its bounds. Shares are relative to
 * what would be fair: 1 = as much as the others on average.
 */

/** Smallest and largest of some figures. */
export interface Range {
  readonly least: number
  readonly most: number
}

/** How even it went among some backends, relative to their average. */
export interface Evenness {
  readonly share: Range
  /** The average attempts in flight. */
  readonly inFlight: Range
}

const ALL = Array.from({ length: 50 }, (_, place) => place)
/** A tenth of the backends: what happens, happens to them. */
const SOME = ALL.slice(0, 5)
const OTHERS = ALL.slice(5)
const SLOW_START: LineupSettings = { panicThreshold: 0, slowStart: { window: 4000, aggression: 1 } }

/** Nothing happens. */
export function steady(algorithm: BalancingAlgorithm, seed: number): Evenness {
  const simulation = new Simulation({ algorithm, seed })
  simulation.run(2000)
  return ended(simulation, evenness(simulation.run(5000), ALL))
}

/** Some become four times as slow, and then quick again. */
export function slowdown(
  algorithm: BalancingAlgorithm,
  seed: number
): { readonly others: Evenness; readonly slow: number; readonly after: readonly number[] } {
  const simulation = new Simulation({ algorithm, seed })
  simulation.run(1000)
  simulation.slow(SOME, 4)
  simulation.run(1000)
  const report = simulation.run(5000)
  simulation.slow(SOME, 1)
  const after = Array.from({ length: 9 }, () => shareOf(simulation.run(1000), SOME))
  return ended(simulation, { others: evenness(report, OTHERS), slow: shareOf(report, SOME), after })
}

/** Some fail, and come back. */
export function failure(
  algorithm: BalancingAlgorithm,
  seed: number
): {
  readonly while: Evenness
  readonly lost: number
  readonly toIll: number
  readonly after: readonly number[]
} {
  const simulation = new Simulation({ algorithm, seed })
  simulation.run(1000)
  simulation.fail(SOME)
  simulation.run(1000)
  const report = simulation.run(4000)
  simulation.recover(SOME)
  simulation.run(500)
  const after = Array.from({ length: 6 }, () => shareOf(simulation.run(1000), SOME))
  return ended(simulation, {
    while: evenness(report, OTHERS),
    lost: report.failed + report.refused,
    toIll: SOME.reduce((sum, place) => sum + report.picks[place]!, 0),
    after
  })
}

/** All fail, and all come back at once; with each of them seen as ill half a second later. */
export function massFailure(
  algorithm: BalancingAlgorithm,
  seed: number,
  settings: LineupSettings
): { readonly ill: Report; readonly unseen: Report; readonly back: Evenness; readonly lost: number } {
  const simulation = new Simulation({ algorithm, seed, settings })
  simulation.run(1000)
  simulation.fail(ALL)
  simulation.run(600)
  const ill = simulation.run(1000)
  simulation.recover(ALL)
  simulation.run(5)
  const unseen = simulation.run(490)
  simulation.run(5)
  const report = simulation.run(6000)
  return ended(simulation, { ill, unseen, back: evenness(report, ALL), lost: report.failed + report.refused })
}

/** One fails and comes back every two seconds. */
export function flapping(
  algorithm: BalancingAlgorithm,
  seed: number
): { readonly others: Evenness; readonly lost: number; readonly flapping: number } {
  const simulation = new Simulation({ algorithm, seed })
  simulation.run(1000)
  for (let turn = 0; turn < 4; turn++) {
    simulation.timeline.after(turn * 2000, () => simulation.fail([0]))
    simulation.timeline.after(turn * 2000 + 1000, () => simulation.recover([0]))
  }
  const report = simulation.run(8000)
  return ended(simulation, {
    others: evenness(report, ALL.slice(1)),
    lost: report.failed + report.refused,
    flapping: shareOf(report, [0])
  })
}

/** A thousand backends that begin together. */
export function thousand(
  algorithm: BalancingAlgorithm,
  seed: number
): { starved: number; evenness: Evenness } {
  const simulation = new Simulation({ algorithm, seed, backends: 1000, parallelism: 2, load: 0.5 })
  simulation.run(500)
  const report = simulation.run(1000)
  const starved = report.picks.filter((count) => count === 0).length
  return ended(simulation, {
    starved,
    evenness: evenness(
      report,
      report.picks.map((_, place) => place)
    )
  })
}

/** Some come to weigh three times as much as before, under load, and a second later as much as before. */
export function reweighting(
  algorithm: BalancingAlgorithm,
  seed: number
): { readonly heavy: readonly number[]; readonly after: readonly number[]; readonly lost: number } {
  const simulation = new Simulation({ algorithm, seed, load: 0.3 })
  simulation.run(1000)
  simulation.reload((place) => ({ weight: SOME.includes(place) ? 3 : 1 }))
  const reports = [simulation.run(1000), simulation.run(1000), simulation.run(1000)]
  simulation.reload(() => ({ weight: 1 }))
  const after = [simulation.run(1000), simulation.run(1000), simulation.run(1000)]
  return ended(simulation, {
    heavy: reports.map((report) => shareOf(report, SOME)),
    after: after.map((report) => shareOf(report, SOME)),
    lost: [...reports, ...after].reduce((sum, { failed, refused }) => sum + failed + refused, 0)
  })
}

/** Some come back under load, and start slowly: their share in each second of the four, and after them. */
export function slowStart(algorithm: BalancingAlgorithm, seed: number): readonly number[] {
  const simulation = new Simulation({ algorithm, seed, settings: SLOW_START })
  simulation.run(1000)
  simulation.fail(SOME)
  simulation.run(3000)
  simulation.recover(SOME)
  simulation.run(500)
  return ended(
    simulation,
    Array.from({ length: 7 }, () => shareOf(simulation.run(1000), SOME))
  )
}

/** Their share relative to the average of all. */
export function shareOf({ picks }: Report, places: readonly number[]): number {
  return averageOf(picks, places) / averageOf(picks, [...picks.keys()])
}

function evenness({ picks, inFlight }: Report, places: readonly number[]): Evenness {
  return { share: rangeOf(picks, places), inFlight: rangeOf(inFlight, places) }
}

function rangeOf(figures: readonly number[], places: readonly number[]): Range {
  const average = averageOf(figures, places)
  const those = places.map((place) => figures[place]! / average)
  return { least: Math.min(...those), most: Math.max(...those) }
}

function averageOf(figures: readonly number[], places: readonly number[]): number {
  return places.reduce((sum, place) => sum + figures[place]!, 0) / places.length
}

/** Ends a simulation. @throws When something is left in flight. */
function ended<T>(simulation: Simulation, result: T): T {
  simulation.finish()
  const left = simulation.backends.filter(({ inFlight }: FakeBackend) => inFlight !== 0)
  if (left.length > 0) throw new Error(`in flight at the end: ${left.map(({ name }) => name).join()}`)
  return result
}
