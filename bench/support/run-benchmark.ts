import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopAll } from './pinned-process.ts'

/**
 * Runs a benchmark with a folder of its own, as the program that it is: whatever it ends with, be it a signal or a reader
 * of its output that left, its processes are ended and the folder is removed. An error is one line, and the exit code 1.
 *
 * @param run - Given what the command line says behind the program's name.
 */
export async function runBenchmark(run: (args: string[], folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'xecureapi-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  process.once('SIGINT', () => void giveUp(130))
  process.once('SIGTERM', () => void giveUp(143))
  try {
    await run(process.argv.slice(2), folder)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  } finally {
    await stopAll()
  }
}

/** A paragraph of its result. */
export function say(text: string): void {
  process.stdout.write(`${text}\n\n`)
}

/** A line about what it does now. */
export function progress(what: string): void {
  process.stderr.write(`${what}\n`)
}

async function giveUp(code: number): Promise<void> {
  await stopAll()
  process.exit(code)
}
