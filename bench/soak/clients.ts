import { fileURLToPath } from 'node:url'
import { type ClientReport, runWrk } from '../support/wrk.ts'

/** Kept connections. */
export const CONNECTIONS = 256

const SCRIPT = fileURLToPath(new URL('./soak.lua', import.meta.url))

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
  const words = [String(Math.round(2 * pause))]
  return await runWrk({ url, connections: CONNECTIONS, seconds, script: SCRIPT, words, folder })
}
