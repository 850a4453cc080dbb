import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClientReport, runWrk } from '../support/wrk.ts'
import type { Load } from './loads.ts'

const CONNECTIONS = 64

const SCRIPT = fileURLToPath(new URL('./load.lua', import.meta.url))

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
  const words = [load.method, String(load.bodySize), paths]
  return await runWrk({ url, connections: CONNECTIONS, seconds, script: SCRIPT, words, folder })
}
