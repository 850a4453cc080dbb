import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LOAD_CORE, PinnedProcess } from '../support/pinned-process.ts'

/** One run of Debian's slowhttptest. */
export interface SlowTest {
  /** Its mode: `-H` slow headers, `-B` slow bodies, `-R` ranges, `-X` slow reads. */
  readonly mode: readonly string[]
  /** Of the gateway. */
  readonly url: string
  readonly connections: number
  /** How many it opens in a second. */
  readonly perSecond: number
  /** Seconds. */
  readonly seconds: number
  readonly folder: string
}

/** How far attackers stand behind everybody else on their core, as `nice` has it. */
export const NICE = 10

/** Runs it to its end. @returns What became of its connections, by name. */
export async function runSlowTest(test: SlowTest): Promise<Record<string, number>> {
  const { mode, url, connections, perSecond, seconds, folder } = test
  const report = join(folder, 'slow')
  const count = String(connections)
  const process = new PinnedProcess({
    name: 'slowhttptest',
    core: LOAD_CORE,
    // Something more every second; its statistics as CSV.
    command: [
      'nice',
      '-n',
      String(NICE),
      'slowhttptest',
      ...mode,
      '-c',
      count,
      '-r',
      String(perSecond),
      '-i',
      '1',
      '-l',
      String(seconds),
      '-p',
      '3',
      '-u',
      url,
      '-g',
      '-o',
      report,
      '-v',
      '1'
    ],
    folder
  })
  const timer = setTimeout(() => process.signal('SIGTERM'), (seconds + 3) * 1000)
  await process.ended
  clearTimeout(timer)
  return await readReport(`${report}.csv`)
}

/** Its columns are seconds, closed, pending and connected. */
async function readReport(file: string): Promise<Record<string, number>> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const rows = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number))
  const most = (column: number): number => Math.max(0, ...rows.map((row) => row[column] ?? 0))
  return { closed: most(1), 'connected at once': most(3) }
}
