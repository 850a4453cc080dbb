/** What a reload costs, and whom: `npm run bench:reload`. Exits 1 when a reload is dearer than it may be. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureRounds, type RoundsReport } from './support/latency-rounds.ts'
import { startBackends, startGateway, startLoad, type StartedLoad } from './support/processes.ts'
import { measureParts, type Part } from './support/reload-parts.ts'
import { Reloader } from './support/reloader.ts'
import { residentMemoryOver } from './support/resident-memory.ts'
import { median, percentile } from './support/statistics.ts'
import { formatTable } from './support/table.ts'

const ROUTES = 1_000
const TRAFFIC = { rounds: 5, perSecond: 300, connections: 32, routes: ROUTES - 1, reloads: 20, window: 8_000 }
const MARKS = [20, 100, 200]

/** p99 with reloads may be so many times that without. */
const MAX_RATIO = 3
/** Memory is flat when the second hundred of reloads adds no more than this share. */
const MAX_GROWTH = 0.1

interface Verdict {
  readonly what: string
  readonly holds: boolean
}

const folder = await mkdtemp(join(tmpdir(), 'xecureapi-bench-'))
const backends = await startBackends()
const load = startLoad()
const verdicts: Verdict[] = []
try {
  say(`node ${process.version}, ${availableParallelism()} cores, ${ROUTES} routes, three groups of three backends`)
  printParts(await partsOfReload())
  for (const workers of [2, 1]) verdicts.push(...(await benchmark(workers, load)))
} finally {
  await Promise.all([backends.stop(), load.stop()])
  await rm(folder, { recursive: true, force: true })
}
say('')
for (const { what, holds } of verdicts) say(`${holds ? 'holds ' : 'FAILS '} ${what}`)
process.exitCode = verdicts.every(({ holds }) => holds) ? 0 : 1

async function partsOfReload(): Promise<Part[]> {
  const file = join(folder, 'parts.yaml')
  return await measureParts(new Reloader(file, { backends: backends.urls, routes: ROUTES, workers: 0 }), file)
}

async function benchmark(workers: number, clients: StartedLoad): Promise<Verdict[]> {
  const file = join(folder, `workers-${workers}.yaml`)
  const reloader = new Reloader(file, { backends: backends.urls, routes: ROUTES, workers })
  await reloader.write()
  const gateway = await startGateway(file)
  try {
    const report = await measureRounds(gateway, clients, reloader, TRAFFIC)
    printTraffic(workers, report)
    const memory = await residentMemoryOver(gateway, reloader, MARKS)
    const rise = MARKS.map((mark, index) => `${mark}: ${memory[index]!.toFixed(0)} MiB`)
    say(`resident memory after so many reloads more: ${rise.join(', ')}`)
    const growth = memory[2]! / memory[1]! - 1
    const on = `(${workers} worker${workers === 1 ? '' : 's'})`
    return [
      {
        what: `p99 with reloads is ${report.ratio.toFixed(2)} × that without, at most ${MAX_RATIO} ${on}`,
        holds: report.ratio <= MAX_RATIO
      },
      {
        what: `${report.failures.length} of ${report.requests} requests failed, none may ${on}`,
        holds: report.failures.length === 0
      },
      {
        what: `reloads 100 to 200 add ${(100 * growth).toFixed(1)} % memory, at most ${100 * MAX_GROWTH} % ${on}`,
        holds: growth <= MAX_GROWTH
      }
    ]
  } finally {
    await gateway.stop()
  }
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
