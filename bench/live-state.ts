/** What the shared counters cost a request, and a pick a balancer: `npm run bench:live-state`. */
import { createBalancer } from '../src/balancing/algorithms.ts'
import { DURATION_BUCKETS } from '../src/telemetry/histogram.ts'
import { NO_ROUTE, ROUTE_LAYOUT, RouteStats } from '../src/telemetry/route-stats.ts'
import { Backend, BACKEND_LAYOUT, backendId } from '../src/upstreams/backend.ts'
import { LiveTable } from '../src/upstreams/live-table.ts'
import { KeyedSlots } from '../src/upstreams/slots.ts'
import { median } from './support/statistics.ts'
import { formatTable } from './support/table.ts'

const ALGORITHMS = ['round-robin', 'least-connections'] as const
const SIZES = [3, 10, 100, 1_000]
const ROWS = [1, 2, 8]
const ROUNDS = 15
/** How long one timing should take, in milliseconds. */
const TIMING = 20

/** Keeps results alive, so that the compiler can't leave the work out. */
let sink = 0

/** Something to measure; does it so many times. */
type Work = (times: number) => void

const work = new Map<string, Work>()
for (const rows of ROWS) addCounters(rows)
for (const algorithm of ALGORITHMS) for (const size of SIZES) addPick(algorithm, size)

process.stdout.write(`node ${process.version}, median and fastest of ${ROUNDS} interleaved rounds, in ns\n`)
process.stdout.write(`${formatTable([['', 'median', 'fastest'], ...measure()])}\n`)
if (Number.isNaN(sink)) process.exitCode = 1

function addCounters(rows: number): void {
  const on = `${rows} row${rows === 1 ? '' : 's'}`
  const [backend] = makeBackends(1, rows)
  const stats = makeStats(rows)
  work.set(`route: find, begin, end (${on})`, (times) => {
    for (let index = 0; index < times; index++) {
      const slot = stats.slotOf('products')
      stats.begin(slot)
      stats.end(slot, 'GET', 200, secondsOf(index))
    }
  })
  work.set(`backend: begin, answered, end (${on})`, (times) => {
    for (let index = 0; index < times; index++) {
      backend!.begin()
      backend!.answered(secondsOf(index))
      backend!.end(false)
    }
  })
  work.set(`backend: read in flight (${on})`, (times) => {
    for (let index = 0; index < times; index++) sink += backend!.inFlight
  })
}

function addPick(algorithm: (typeof ALGORITHMS)[number], size: number): void {
  const backends = makeBackends(size, 2)
  const balancer = createBalancer(algorithm, backends)
  const filter = { accepts: (backend: Backend) => backend.usable }
  work.set(`pick: ${algorithm} of ${size}`, (times) => {
    for (let index = 0; index < times; index++) sink += balancer.pick(filter)!.slot
  })
}

function makeStats(rows: number): RouteStats {
  const slots = new KeyedSlots(new LiveTable(ROUTE_LAYOUT, rows))
  slots.reserve([NO_ROUTE, 'products', 'orders'])
  return new RouteStats(slots.table, new Map(slots.entries()), rows - 1)
}

function makeBackends(count: number, rows: number): Backend[] {
  const slots = new KeyedSlots(new LiveTable(BACKEND_LAYOUT, rows))
  const urls = Array.from({ length: count }, (_, index) => `http://backend-${index}:3000`)
  slots.reserve(urls)
  return urls.map((url, slot) => {
    const weight = 1 + (slot % 3)
    return new Backend('catalog', { id: backendId(url), url, weight, slot }, slots.table, rows - 1)
  })
}

/** Durations as requests have them: most in the lower buckets. */
function secondsOf(index: number): number {
  return DURATION_BUCKETS[index & 3]!
}

function measure(): string[][] {
  const samples = new Map(
    [...work].map(([name, run]) => [name, { run, times: timesOf(run), costs: [] as number[] }])
  )
  for (let round = 0; round < ROUNDS; round++) {
    for (const { run, times, costs } of samples.values()) costs.push((1e6 * elapsed(run, times)) / times)
  }
  return [...samples].map(([name, { costs }]) => [
    name,
    median(costs).toFixed(1),
    Math.min(...costs).toFixed(1)
  ])
}

/** How often to do it for one timing, found once it is compiled. */
function timesOf(run: Work): number {
  let times = 16
  while (elapsed(run, times) < TIMING) times *= 2
  return times
}

function elapsed(run: Work, times: number): number {
  const start = performance.now()
  run(times)
  return performance.now() - start
}
