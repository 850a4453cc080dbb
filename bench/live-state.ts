/** What the shared counters cost a request: `npm run bench:live-state`. */
import { createLimitTable, LimitTable } from '../src/limits/limit-table.ts'
import { LocalLimiter } from '../src/limits/limiter.ts'
import { sharedNow } from '../src/shared-clock.ts'
import { DURATION_BUCKETS } from '../src/telemetry/histogram.ts'
import { NO_ROUTE, ROUTE_LAYOUT, RouteStats } from '../src/telemetry/route-stats.ts'
import { LiveTable } from '../src/upstreams/live-table.ts'
import { KeyedSlots } from '../src/upstreams/slots.ts'
import { liveBackends } from './support/live-backends.ts'
import { formatTable } from './support/table.ts'
import { timeInTurns, type Work } from './support/timing.ts'

const ROWS = [1, 2, 8]

/** Keeps results alive, so that the compiler can't leave the work out. */
let sink = 0

const work = new Map<string, Work>()
for (const rows of ROWS) addCounters(rows)
for (const keys of [1, 100_000]) addRateLimit(keys)

const costs = [...timeInTurns(work)].map(([name, cost]) => [
  name,
  cost.median.toFixed(1),
  cost.fastest.toFixed(1)
])
process.stdout.write(`node ${process.version}, interleaved rounds, in ns\n`)
process.stdout.write(`${formatTable([['', 'median', 'fastest'], ...costs])}\n`)
if (Number.isNaN(sink)) process.exitCode = 1

function addCounters(rows: number): void {
  const on = `${rows} row${rows === 1 ? '' : 's'}`
  const [backend] = liveBackends([1], rows).backends
  const stats = makeStats(rows)
  work.set(`route: find, begin, end (${on})`, (times) => {
    for (let index = 0; index < times; index++) {
      const slot = stats.slotOf('products')
      stats.begin(slot)
      stats.end(slot, 'GET', 200, secondsOf(index))
    }
  })
  work.set(`backend: acquire, begin, answered, end (${on})`, (times) => {
    for (let index = 0; index < times; index++) {
      backend!.acquire()
      backend!.begin()
      backend!.answered(secondsOf(index))
      backend!.end('succeeded')
    }
  })
  work.set(`backend: read in flight (${on})`, (times) => {
    for (let index = 0; index < times; index++) sink += backend!.inFlight
  })
}

function addRateLimit(count: number): void {
  const table = new LimitTable(createLimitTable(100_000, [1, 2]), 0)
  const limiter = new LocalLimiter(table, { limit: 100, per: 1000, burst: 100 }, sharedNow)
  const keys = Array.from(
    { length: count },
    (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
  )
  let next = 0
  work.set(`rate limit: take (keys: ${count})`, (times) => {
    for (let index = 0; index < times; index++) {
      if (limiter.take(keys[next]!, 1).isAdmitted) sink++
      // Neither do clients come in the order in which they lie in memory.
      next = (next + 7919) % count
    }
  })
}

function makeStats(rows: number): RouteStats {
  const slots = new KeyedSlots(new LiveTable(ROUTE_LAYOUT, rows))
  slots.reserve([NO_ROUTE, 'products', 'orders'])
  return new RouteStats(slots.table, new Map(slots.entries()), rows - 1)
}

/** Durations as requests have them: most in the lower buckets. */
function secondsOf(index: number): number {
  return DURATION_BUCKETS[index & 3]!
}
