import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Load } from './loads.ts'
import { LOAD_CORE, PinnedProcess } from '../support/pinned-process.ts'

const CONNECTIONS = 64

/** What the clients saw. */
export interface ClientReport {
  readonly requests: number
  readonly seconds: number
  /** Microseconds, of a closed loop: what waits is not asked for again. */
  readonly p50: number
  readonly p99: number
  /** Without a response of 2xx or 3xx. */
  readonly failed: number
}

/**
 * Runs wrk on the clients' core: one thread, 64 connections that are kept.
 *
 * @param folder - For the list of paths, and what wrk says.
 * @throws Error when wrk ended early.
 */
export async function runClients(
  url: string,
  load: Load,
  seconds: number,
  folder: string
): Promise<ClientReport> {
  const paths = join(folder, `paths-${load.name}`)
  await writeFile(paths, load.paths.map((path) => `${path}\n`).join(''))
  const output = join(folder, 'clients')
  await rm(output, { force: true })
  const script = fileURLToPath(new URL('load.lua', import.meta.url))
  const flags = `-t 1 -c ${CONNECTIONS} -d ${seconds}s --timeout 10s`.split(' ')
  const clients = new PinnedProcess({
    name: 'wrk',
    core: LOAD_CORE,
    command: ['wrk', ...flags, '-s', script, url, '--', load.method, String(load.bodySize), paths],
    folder,
    stdout: output
  })
  await clients.ended
  const stdout = await readFile(output, 'utf8')
  const line = stdout.split('\n').find((each) => each.startsWith('{'))
  if (line === undefined) throw new Error(`wrk ended early: ${stdout}`)
  return JSON.parse(line) as ClientReport
}
