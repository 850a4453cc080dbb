import type { AlgorithmOptions } from '../../src/balancing/algorithm.ts'
import { createAlgorithm } from '../../src/balancing/algorithms.ts'
import { decayedPeak, isWorthLearning } from '../../src/balancing/peak-ewma.ts'
import type { BalancingAlgorithm } from '../../src/config/types.ts'
import { stamp } from '../../src/shared-clock.ts'
import { seeded } from './seeded.ts'
import { alikeServers, ANYBODY, poolOf, type Server } from './servers.ts'
import { Timeline } from './timeline.ts'

/** Which latencies a balancer's clients see. Times in milliseconds. */
export interface TailOptions {
  readonly algorithm: BalancingAlgorithm
  readonly backends?: number
  readonly slow?: number
  /** How often other ones become the slow ones; absent = never. */
  readonly moveEvery?: number
  readonly seconds: number
  readonly seed: number
}

const PARALLELISM = 4
const SERVICE_TIME = 40
const SLOWNESS = 8
const LOAD = 0.6
const WARM_UP = 5_000

/**
 * Latencies in virtual time: open-loop Poisson arrivals at 60 % of what all can do, backends that work at four requests
 * at once with exponential service times, some of them eight times slower. Nothing fails.
 *
 * @returns Milliseconds, ascending, without those of the first five seconds.
 */
export function latenciesOf({
  algorithm: name,
  backends = 10,
  slow = 2,
  moveEvery,
  seconds,
  seed
}: TailOptions) {
  const random = seeded(seed)
  const timeline = new Timeline()
  const options: AlgorithmOptions = { places: backends, random, now: () => timeline.now }
  const algorithm = createAlgorithm<Server>(name, options)
  const all = alikeServers(backends)
  const pool = poolOf(all)
  const queues = all.map(() => [] as (() => void)[])
  const working = all.map(() => 0)
  const latencies: number[] = []
  const slowOnes = new Set<number>()
  const rate = ((backends - slow + slow / SLOWNESS) * PARALLELISM * LOAD) / SERVICE_TIME
  const start = timeline.now
  const exponential = (mean: number): number => -Math.log(1 - random()) * mean

  const chooseSlow = (): void => {
    slowOnes.clear()
    while (slowOnes.size < slow) slowOnes.add(Math.floor(random() * backends))
    if (moveEvery !== undefined) timeline.after(moveEvery, chooseSlow)
  }

  const arrive = (): void => {
    const began = timeline.now
    const server = algorithm.pick(pool, ANYBODY, undefined)!
    const { place } = server
    server.inFlight++
    const work = (): void => {
      working[place]!++
      timeline.after(exponential(SERVICE_TIME * (slowOnes.has(place) ? SLOWNESS : 1)), () => {
        const latency = timeline.now - began
        working[place]!--
        server.inFlight--
        learn(server, latency * 1000, stamp(timeline.now))
        if (began >= start + WARM_UP) latencies.push(latency)
        queues[place]!.shift()?.()
      })
    }
    if (working[place]! < PARALLELISM) work()
    else queues[place]!.push(work)
    timeline.after(exponential(1 / rate), arrive)
  }

  chooseSlow()
  arrive()
  timeline.runUntil(start + seconds * 1000)
  return latencies.toSorted((a, b) => a - b)
}

/** As a backend learns. */
function learn(server: Server, sample: number, now: number): void {
  const elapsed = (now - server.latencyAt) | 0
  if (!isWorthLearning(server.latency, sample, elapsed)) return
  server.latency = decayedPeak(server.latency, sample, elapsed)
  server.latencyAt = now
}
