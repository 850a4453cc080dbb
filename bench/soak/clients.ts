import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LOAD_CORE, PinnedProcess } from '../support/pinned-process.ts'

/** Kept connections. */
export const CONNECTIONS = 256

const SCRIPT = fileURLToPath(new URL('./soak.lua', import.meta.url))

/** What wrk saw. */
export interface ClientReport {
  readonly requests: number
  readonly seconds: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Without a response of 2xx or 3xx. */
  readonly failed: number
}

/**
 * Runs wrk on the clients' core: one thread, connections that are kept.
 *
 * @param pause - The mean time that each connection waits between two requests, in milliseconds; 0 = as fast as it can.
 * @throws Error when wrk ended early.
 */
export async function runClients(
  url: string,
  seconds: number,
  pause: number,
  folder: string
): Promise<ClientReport> {
  const stdout = join(folder, 'clients')
  await rm(stdout, { force: true })
  const flags = `-t 1 -c ${CONNECTIONS} -d ${seconds}s --timeout 10s`.split(' ')
  const clients = new PinnedProcess({
    name: 'wrk',
    core: LOAD_CORE,
    command: ['wrk', ...flags, '-s', SCRIPT, url, '--', String(Math.round(2 * pause))],
    folder,
    stdout
  })
  await clients.ended
  const text = await readFile(stdout, 'utf8')
  const line = text.split('\n').find((each) => each.startsWith('{'))
  if (line === undefined) throw new Error(`wrk ended early: ${text}`)
  return JSON.parse(line) as ClientReport
}
