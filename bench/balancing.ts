/**
 * What one pick costs, and what it allocates: `npm run bench:balancing`. Each algorithm has a process of its own, as a
 * gateway has hardly more than one: what the compiler learns from one would slow the others down.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { getHeapStatistics } from 'node:v8'
import { createAlgorithm } from '../src/balancing/algorithms.ts'
import { GroupBalancer } from '../src/balancing/group-balancer.ts'
import { hashText } from '../src/balancing/hash-text.ts'
import { drawLineup } from '../src/balancing/lineup.ts'
import { quickRandom } from '../src/balancing/quick-random.ts'
import type { BalancingAlgorithm } from '../src/config/types.ts'
import { sharedNow } from '../src/shared-clock.ts'
import type { Backend } from '../src/upstreams/backend.ts'
import { liveBackends } from './support/live-backends.ts'
import { machineFacts } from './support/machine.ts'
import { figure, markdownTable } from './support/markdown.ts'
import { type Cost, timeInTurns, type Work } from './support/timing.ts'

const ALGORITHMS: readonly BalancingAlgorithm[] = [
  'round-robin',
  'least-connections',
  'least-latency',
  'random',
  'random-two',
  'hash'
]
const SIZES = [3, 10, 100, 1_000]
/** Rows of live state: two workers and the control plane. */
const ROWS = 3
const SETTINGS = { panicThreshold: 0, slowStart: undefined }
/** Picks whose garbage is counted: too few for a collection. */
const COUNTED = 20_000
const KEYS = 1024

/** What the backends are like while they are picked from. */
const STATES = {
  'equal weights, idle': { weightOf: () => 1, inFlightOf: () => 0, utilization: undefined },
  'equal weights, idle, load reported': { weightOf: () => 1, inFlightOf: () => 0, utilization: 0.4 },
  'weights 1 to 3, idle': {
    weightOf: (place: number) => 1 + (place % 3),
    inFlightOf: () => 0,
    utilization: undefined
  },
  'weights 1 to 3, 1 to 3 in flight': {
    weightOf: (place: number) => 1 + (place % 3),
    inFlightOf: (place: number) => 1 + ((place * 7) % 3),
    utilization: undefined
  }
} as const

/** By state, way and size. */
interface Result {
  readonly costs: Record<string, Cost>
  /** Most that one pick of any of them allocated, in bytes. */
  readonly garbage: number
}

/** Keeps results alive, so that the compiler can't leave the work out. */
let sink = 0

const [, , name] = process.argv
if (name) process.stdout.write(JSON.stringify(measure(name as BalancingAlgorithm)))
else report()

function report(): void {
  const results = ALGORITHMS.map((algorithm) => [algorithm, measureApart(algorithm)] as const)
  process.stdout.write(`${machineFacts({}).join('\n')}\n`)
  for (const state of Object.keys(STATES)) {
    const head = [state, ...SIZES.map((size) => size.toLocaleString('en-US')), 'bytes']
    const rows = results.map(([algorithm, { costs, garbage }]) => [
      algorithm,
      ...SIZES.map((size) => {
        const [bare, whole] = ['bare', 'whole'].map((way) => costs[keyOf(state, way, size)]!.fastest)
        return `${figure(bare!)} / ${figure(whole!)}`
      }),
      garbage.toFixed(0)
    ])
    process.stdout.write(`\n${markdownTable([head, ...rows])}\n`)
  }
}

function measureApart(algorithm: BalancingAlgorithm): Result {
  const output = execFileSync(process.execPath, [fileURLToPath(import.meta.url), algorithm], {
    encoding: 'utf8'
  })
  return JSON.parse(output) as Result
}

function measure(algorithm: BalancingAlgorithm): Result {
  const work = new Map<string, Work>()
  for (const state of Object.keys(STATES) as (keyof typeof STATES)[]) {
    for (const size of SIZES) addPicks(work, algorithm, state, size)
  }
  const costs = Object.fromEntries(timeInTurns(work, { rounds: 9, timing: 10 }))
  const garbage = Math.max(...[...work.values()].map(garbageOf))
  if (Number.isNaN(sink)) process.exitCode = 1
  return { costs, garbage }
}

function addPicks(
  work: Map<string, Work>,
  algorithm: BalancingAlgorithm,
  state: keyof typeof STATES,
  size: number
): void {
  const { weightOf, inFlightOf, utilization } = STATES[state]
  const weights = Array.from({ length: size }, (_, place) => weightOf(place))
  const { backends, live } = liveBackends(weights, ROWS)
  for (const backend of backends) {
    for (let held = inFlightOf(backend.place); held > 0; held--) backend.acquire()
    backend.learn(1_000 + ((backend.place * 37) % 50) * 20)
    if (utilization !== undefined) backend.report(utilization)
  }
  const shared = { random: quickRandom(1), now: sharedNow }
  const make = () => createAlgorithm<Backend>(algorithm, { places: size, ...shared })
  // The undefined makes it an array of objects: one of numbers would have to make an object of each that it gives away.
  const keys = [...Array.from({ length: KEYS }, (_, index) => hashText(`client-${index}`)), undefined]

  const bare = make()
  const [pool] = drawLineup(backends, SETTINGS, sharedNow()).tiers
  const anybody = { excludes: (backend: Backend) => backend.isFull }
  work.set(keyOf(state, 'bare', size), (times) => {
    let sum = 0
    for (let index = 0; index < times; index++) {
      sum = (sum + bare.pick(pool!, anybody, keys[index & (KEYS - 1)])!.slot) | 0
    }
    sink = sum
  })

  const options = { candidates: backends, algorithm: make(), epoch: () => live.epoch }
  const balancer = new GroupBalancer({ ...SETTINGS, ...options, ...shared })
  const untried: Backend[] = []
  work.set(keyOf(state, 'whole', size), (times) => {
    let sum = 0
    for (let index = 0; index < times; index++) {
      const picked = balancer.pick(untried, keys[index & (KEYS - 1)])!
      sum = (sum + picked.slot) | 0
      picked.end('succeeded')
    }
    sink = sum
  })
}

/** Bytes that one time of it allocates: the least of some tries, as the rest of the process allocates too. */
function garbageOf(run: Work): number {
  let least = Infinity
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = getHeapStatistics().used_heap_size
    run(COUNTED)
    const growth = getHeapStatistics().used_heap_size - before
    // Below 0 there was a collection in between.
    if (growth >= 0) least = Math.min(least, growth / COUNTED)
  }
  return least
}

function keyOf(state: string, way: string, size: number): string {
  return `${state}, ${way}, ${size}`
}
