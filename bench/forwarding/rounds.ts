import { mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runClients } from './clients.ts'
import type { Contestant } from './contestants/contestant.ts'
import { freePort } from '../support/free-port.ts'
import type { Load } from './loads.ts'
import { type PinnedProcess, PROXY_CORE } from '../support/pinned-process.ts'
import { rotated } from '../support/rotated.ts'
import { busyTime, type Usage, usageOf } from './usage.ts'

/** A contestant in one table. */
export interface Entry {
  /** Of the table's row, and of its measurements. */
  readonly key: string
  readonly contestant: Contestant
  /** Whether it writes an access log. */
  readonly log: boolean
  readonly loads: readonly Load[]
}

/** One window of load on one proxy. */
export interface Measurement {
  /** CPU time of the proxy's process and its children per request, in microseconds. */
  readonly cpu: number
  readonly perSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Resident memory of the proxy right after the load, in MiB. */
  readonly memory: number
  /** Share of the proxy's core that other processes took meanwhile, 0 to 1. */
  readonly others: number
}

/** How long to measure. */
export interface Pace {
  readonly rounds: number
  /** Seconds of a window. */
  readonly seconds: number
  /** Seconds of load before it. */
  readonly warmup: number
}

/** Measurements by entry's key and load's name, one per round, in the order of the rounds. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, readonly Measurement[]>>

/** A proxy that runs during one round. */
interface Running {
  readonly entry: Entry
  readonly server: PinnedProcess
  readonly url: string
  readonly folder: string
}

/** What a proxy is given unless it says otherwise. */
const BACKENDS = 3

/**
 * Measures in rounds: each starts all proxies afresh, since two processes of the same program differ, and takes their
 * windows in turns, in another order each time, so that what else the machine does falls on all alike.
 *
 * @param parent - Folder for their files.
 * @param progress - Is told what is done next.
 */
export async function measureRounds(
  entries: readonly Entry[],
  backends: readonly string[],
  pace: Pace,
  parent: string,
  progress: (what: string) => void
): Promise<Results> {
  const results = new Map(
    entries.map(({ key, loads }) => [key, new Map(loads.map(({ name }) => [name, [] as Measurement[]]))])
  )
  for (let round = 0; round < pace.rounds; round++) {
    const running: Running[] = []
    try {
      for (const entry of entries) running.push(await startProxy(entry, backends, parent))
      const inTurn = rotated(running, round)
      for (const name of new Set(entries.flatMap(({ loads }) => loads.map((load) => load.name)))) {
        for (const each of inTurn) {
          const load = each.entry.loads.find((other) => other.name === name)
          if (load === undefined) continue
          progress(`round ${round + 1} of ${pace.rounds}: ${load.title}, ${each.entry.key}`)
          results
            .get(each.entry.key)!
            .get(name)!
            .push(await measure(each, load, pace))
        }
      }
      await Promise.all(running.filter(({ entry }) => entry.log).map(checkLog))
    } finally {
      await Promise.all(running.map(stopProxy))
    }
  }
  return results
}

/** The same as plain objects. */
export function resultsAsJson(results: Results): Record<string, Record<string, readonly Measurement[]>> {
  return Object.fromEntries([...results].map(([key, loads]) => [key, Object.fromEntries(loads)]))
}

async function startProxy(entry: Entry, backends: readonly string[], parent: string): Promise<Running> {
  const folder = await mkdtemp(join(parent, `${entry.contestant.name}-`))
  const port = await freePort()
  const server = await entry.contestant.start({
    port,
    backends: backends.slice(0, entry.contestant.backends ?? BACKENDS),
    folder,
    accessLog: entry.log ? accessLogIn(folder) : undefined
  })
  return { entry, server, url: `http://127.0.0.1:${port}`, folder }
}

async function stopProxy({ server, folder }: Running): Promise<void> {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}

/** One window; when something else had too much of the core, another one, and the least disturbed counts. */
async function measure(proxy: Running, load: Load, pace: Pace): Promise<Measurement> {
  await warmUp(proxy, load, pace.warmup)
  let best = await measureOnce(proxy, load, pace.seconds)
  for (let again = 0; again < 2 && best.others > DISTURBED; again++) {
    const other = await measureOnce(proxy, load, pace.seconds)
    if (other.others < best.others) best = other
  }
  return best
}

/** Share of the proxy's core from which a window counts as disturbed. */
const DISTURBED = 0.05

async function measureOnce(proxy: Running, load: Load, windowSeconds: number): Promise<Measurement> {
  const { entry, server, url, folder } = proxy
  await delay(SETTLE)
  const before = readingOf(server)
  const { requests, seconds, p50, p99, failed } = await runClients(url, load, windowSeconds, folder)
  const after = readingOf(server)
  if (failed > 0 || requests === 0) {
    throw new Error(`${entry.key}, ${load.title}: ${failed} of ${requests} requests failed`)
  }
  const cpu = after.cpu - before.cpu
  return {
    cpu: cpu / requests,
    perSecond: requests / seconds,
    p50,
    p99,
    memory: after.memory,
    others: Math.max(0, after.busy - before.busy - cpu) / (1000 * (after.at - before.at))
  }
}

/** Load until the proxy had enough CPU time to compile what is hot: on a busy machine that takes longer. */
async function warmUp({ server, url, folder }: Running, load: Load, seconds: number): Promise<void> {
  const enough = readingOf(server).cpu + WARM * seconds * 1e6
  for (let turn = 0; turn < 4; turn++) {
    await runClients(url, load, seconds, folder)
    if (readingOf(server).cpu >= enough) return
  }
}

/** Share of a core that counts as having had the core. */
const WARM = 0.6

function readingOf(server: PinnedProcess): Usage & { readonly busy: number; readonly at: number } {
  server.checkRuns()
  return { ...usageOf(server.pid), busy: busyTime(PROXY_CORE), at: performance.now() }
}

/** For what the last clients left behind, in milliseconds. */
const SETTLE = 100

/** Guards against comparing a log that is not written. */
async function checkLog({ entry, folder }: Running): Promise<void> {
  const { size } = await stat(accessLogIn(folder))
  if (size < 100_000) throw new Error(`${entry.key}: the access log has only ${size} bytes`)
}

function accessLogIn(folder: string): string {
  return join(folder, 'access-log')
}
