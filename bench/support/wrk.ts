import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LOAD_CORE, PinnedProcess } from './pinned-process.ts'

/** What wrk saw, as the `done` of its script prints it. */
export interface ClientReport {
  readonly requests: number
  readonly seconds: number
  /** Microseconds, of a closed loop: what waits is not asked for again. */
  readonly p50: number
  readonly p99: number
  /** Without a response of 2xx or 3xx. */
  readonly failed: number
}

/** How wrk is run. */
export interface WrkOptions {
  readonly url: string
  /** Kept connections. */
  readonly connections: number
  readonly seconds: number
  /** File of a Lua script whose `done` prints a {@link ClientReport} as JSON, and the words for it. */
  readonly script: string
  readonly words: readonly string[]
  /** For what wrk says. */
  readonly folder: string
}

/**
 * Runs wrk on the clients' core: one thread, connections that are kept.
 *
 * @throws Error when wrk ended early.
 */
export async function runWrk(options: WrkOptions): Promise<ClientReport> {
  const { url, connections, seconds, script, words, folder } = options
  const stdout = join(folder, 'clients')
  await rm(stdout, { force: true })
  const flags = `-t 1 -c ${connections} -d ${seconds}s --timeout 10s`.split(' ')
  const clients = new PinnedProcess({
    name: 'wrk',
    core: LOAD_CORE,
    command: ['wrk', ...flags, '-s', script, url, '--', ...words],
    folder,
    stdout
  })
  await clients.ended
  const text = await readFile(stdout, 'utf8')
  const line = text.split('\n').find((each) => each.startsWith('{'))
  if (line === undefined) throw new Error(`wrk ended early: ${text}`)
  return JSON.parse(line) as ClientReport
}
