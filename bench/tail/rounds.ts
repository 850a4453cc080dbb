import { rotated } from '../support/rotated.ts'
import type { Contestant } from './contestants.ts'
import type { Lane, Measurement } from './lane.ts'
import { CAPACITY, type Scenario } from './scenario.ts'

/** How long to measure. */
export interface Pace {
  readonly rounds: number
  /** Seconds of a window. */
  readonly seconds: number
  /** Seconds of load before it. */
  readonly warmup: number
  /** Load as a percentage of what the backends can serve. */
  readonly load: number
}

/** Measurements by scenario's and contestant's name, one per round, in the order of the rounds. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, readonly Measurement[]>>

/** How late the clients of a window may be (p99, in milliseconds) before it counts as disturbed by something else. */
const LATE = 5

/** How long a client waits for its response, in milliseconds. */
export const PATIENCE = 10_000

/**
 * Measures in rounds. As many proxies as there are lanes have their windows at the same time, each started afresh, so
 * that what else the machine does falls on all of them alike. Arrivals, service times and the slow ones are the same for
 * all of a round, and others in each.
 *
 * @param progress - Is told what is done next.
 */
export async function measureRounds(
  contestants: readonly Contestant[],
  scenarios: readonly Scenario[],
  lanes: readonly Lane[],
  pace: Pace,
  progress: (what: string) => void
): Promise<Results> {
  const results = new Map(
    scenarios.map((scenario) => [
      scenario.name,
      new Map(contestants.map(({ name }) => [name, [] as Measurement[]]))
    ])
  )
  const batches = inBatches(contestants, lanes.length)
  for (let round = 0; round < pace.rounds; round++) {
    for (const scenario of scenarios) {
      for (const inOrder of rotated(batches, round)) {
        const batch = rotated(inOrder, round)
        const names = batch.map(({ name }) => name).join(', ')
        progress(`round ${round + 1} of ${pace.rounds}, ${scenario.name}: ${names}`)
        const measured = await measure(batch, scenario, lanes, pace, round)
        for (const [index, { name }] of batch.entries()) {
          results.get(scenario.name)!.get(name)!.push(measured[index]!)
        }
      }
    }
  }
  return results
}

/** The same as plain objects. */
export function resultsAsJson(results: Results): Record<string, Record<string, readonly Measurement[]>> {
  return Object.fromEntries([...results].map(([name, measured]) => [name, Object.fromEntries(measured)]))
}

function inBatches<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size))
}

/** Windows side by side; when the clients were late, others, and those count in which they were least late. */
async function measure(...order: Parameters<typeof measureOnce>): Promise<Measurement[]> {
  let best = await measureOnce(...order)
  for (let again = 0; again < 2 && latest(best) > LATE; again++) {
    const other = await measureOnce(...order)
    if (latest(other) < latest(best)) best = other
  }
  return best
}

function latest(measured: readonly Measurement[]): number {
  return Math.max(...measured.map(({ lag }) => lag))
}

async function measureOnce(
  batch: readonly Contestant[],
  scenario: Scenario,
  lanes: readonly Lane[],
  { seconds, warmup, load }: Pace,
  round: number
): Promise<Measurement[]> {
  const proxies = await Promise.all(batch.map((contestant, index) => lanes[index]!.prepare(contestant)))
  try {
    const order = {
      scenario,
      seed: round + 1,
      perSecond: (CAPACITY * load) / 100,
      warmup: warmup * 1000,
      window: seconds * 1000,
      patience: PATIENCE
    }
    return await Promise.all(proxies.map((proxy) => proxy.run(order)))
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.stop()))
  }
}
