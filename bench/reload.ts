/** What a reload costs, and whom: `npm run bench:reload`. Exits 1 when a reload is dearer than it may be. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureRounds, type RoundsReport } from './support/latency-rounds.ts'
import {
  type HeapReading,
  heapOverReloads,
  startBackends,
  startGateway,
  startLoad
} from './support/processes.ts'
import { measureParts, type Part } from './support/reload-parts.ts'
import { Reloader } from './support/reloader.ts'
import { residentMemoryOver } from './support/resident-memory.ts'
import { median, percentile } from './support/statistics.ts'
import { formatTable } from './support/table.ts'

const ROUTES = 1_000
const TRAFFIC = { rounds: 5, perSecond: 300, connections: 32, routes: ROUTES - 1, reloads: 20, window: 5_000 }
const MARKS = [20, 100, 200]

/** p99 with reloads may be so many times that without. */
const MAX_RATIO = 3
/** Resident memory is flat when the second hundred of reloads adds no more than this share. */
const MAX_GROWTH = 0.1
/** The same of the heap in use, which is steadier: some 20 KiB a reload. */
const MAX_HEAP_GROWTH = 0.03

interface Verdict {
  readonly what: string
  readonly holds: boolean
}

const folder = await mkdtemp(join(tmpdir(), 'xecureapi-bench-'))
const backends = await startBackends()
const load = startLoad()
const verdicts: Verdict[] = []
try {
  say(
    `node ${process.version}, ${availableParallelism()} cores, ${ROUTES} routes, three groups of three backends`
  )
  printParts(await measureParts(new Reloader(fileOf('parts'), shop(0)), fileOf('parts')))
  for (const workers of [2, 1]) verdicts.push(...(await traffic(workers)))
  say('\nNot judged, since the control plane and the traffic share one thread:')
  await traffic(0)
  verdicts.push(await heaps())
} finally {
  await Promise.all([backends.stop(), load.stop()])
  await rm(folder, { recursive: true, force: true })
}
say('')
for (const { what, holds } of verdicts) say(`${holds ? 'holds' : 'FAILS'}  ${what}`)
process.exitCode = verdicts.every(({ holds }) => holds) ? 0 : 1

async function traffic(workers: number): Promise<Verdict[]> {
  const file = fileOf(`workers-${workers}`)
  const reloader = new Reloader(file, shop(workers))
  await reloader.write()
  const gateway = await startGateway(file)
  try {
    const report = await measureRounds(gateway, load, reloader, TRAFFIC)
    printTraffic(workers, report)
    const memory = await residentMemoryOver(gateway, reloader, MARKS)
    say(
      `resident memory after so many more reloads, in MiB: ${listed(memory.map((size) => size.toFixed(0)))}`
    )
    return judge(workers, report, memory)
  } finally {
    await gateway.stop()
  }
}

function judge(workers: number, report: RoundsReport, memory: readonly number[]): Verdict[] {
  const { ratio, requests, failures } = report
  const on = `${workers} worker${workers === 1 ? '' : 's'}:`
  return [
    {
      what: `${on} p99 with reloads is ${ratio.toFixed(2)} × that without; at most ${MAX_RATIO} ×`,
      holds: ratio <= MAX_RATIO
    },
    {
      what: `${on} ${failures.length} of ${requests} requests failed; none may`,
      holds: failures.length === 0
    },
    judgeGrowth(`${on} resident memory`, memory, MAX_GROWTH)
  ]
}

async function heaps(): Promise<Verdict> {
  const readings = await heapOverReloads({
    file: fileOf('heaps'),
    backends: backends.urls,
    routes: ROUTES,
    marks: MARKS
  })
  const show = ({ control, workers }: HeapReading): string =>
    [control, ...workers].map((size) => size.toFixed(1)).join(' + ')
  say(`\nheap in use by control plane + 2 workers, in MiB: ${listed(readings.map(show))}`)
  return judgeGrowth(
    'heap in use',
    readings.map(({ control, workers }) => workers.reduce((sum, size) => sum + size, control)),
    MAX_HEAP_GROWTH
  )
}

function judgeGrowth(what: string, memory: readonly number[], atMost: number): Verdict {
  const growth = memory[2]! / memory[1]! - 1
  return {
    what: `${what} grows by ${(100 * growth).toFixed(1)} % from 100 to 200 reloads; at most ${100 * atMost} %`,
    holds: growth <= atMost
  }
}

/** Values beside the numbers of reloads that they belong to. */
function listed(values: readonly string[]): string {
  return MARKS.map((mark, index) => `${values[index]} after ${mark}`).join(', ')
}

function fileOf(name: string): string {
  return join(folder, `${name}.yaml`)
}

function shop(workers: number): { backends: readonly string[]; routes: number; workers: number } {
  return { backends: backends.urls, routes: ROUTES, workers }
}

function printParts(parts: readonly Part[]): void {
  say('\nA reload taken apart, each part alone, medians in ms')
  say(
    formatTable([
      ['part', 'thread', 'time', 'loop stood still'],
      ...parts.map(({ name, thread, time, stall }) => [name, thread, time.toFixed(2), stall.toFixed(2)])
    ])
  )
}

function printTraffic(workers: number, report: RoundsReport): void {
  const { rounds, perSecond, reloads, window } = TRAFFIC
  say(
    `\n${workers} worker${workers === 1 ? '' : 's'}, ${perSecond} requests/s, ${rounds} rounds of ${window / 1000} s without and with ` +
      `${reloads} reloads, medians in ms`
  )
  const row = (name: string, { p50, p99, max, lag }: RoundsReport['quiet']): string[] => [
    name,
    ...[p50, p99, max, lag].map((value) => value.toFixed(2))
  ]
  say(
    formatTable([
      ['', 'p50', 'p99', 'max', 'clients late (p99)'],
      row('without reloads', report.quiet),
      row('with reloads', report.reloading)
    ])
  )
  const { reloads: times } = report
  say(
    `a reload under load, asked for to answered: median ${median(times).toFixed(0)} ms, ` +
      `p90 ${percentile(times, 0.9).toFixed(0)}, max ${percentile(times, 1).toFixed(0)} (${times.length} reloads)`
  )
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
