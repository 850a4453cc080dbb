import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const PRELOAD = fileURLToPath(new URL('leave-with-parent.ts', import.meta.url))
const STDERR_KEPT = 8192
const KILL_AFTER = 15_000

/** A process of the demo. */
export interface Child {
  readonly name: string
  readonly pid: number | undefined
  /** Resolves when the process is gone, with how it went: `exit code 1`, `SIGKILL`. Never rejects. */
  readonly ended: Promise<string>
  /** The end of what it wrote to stderr. */
  stderr(): string
  /** Asks it to stop, insists after 15 s, and waits until it is gone. */
  stop(): Promise<void>
}

/**
 * Starts a script with this very Node in a process group of its own: Ctrl-C in a terminal reaches the demo
 * alone, which then stops its processes in the right order.
 *
 * @param onLine - Called with each line that it writes to stdout.
 */
export function startChild(
  name: string,
  script: readonly string[],
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void
): Child {
  const child: ChildProcess = spawn(process.execPath, ['--import', PRELOAD, ...script], {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  let stderr = ''
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_KEPT)))
  if (child.stdout) createInterface({ input: child.stdout }).on('line', onLine)

  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    // 'close' comes after 'exit', when both outputs have been read to the end.
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  return {
    name,
    pid: child.pid,
    ended,
    stderr: () => stderr.trim(),
    async stop() {
      child.kill('SIGTERM')
      const patience = new AbortController()
      const insist = sleep(KILL_AFTER, undefined, { signal: patience.signal }).then(
        () => child.kill('SIGKILL'),
        () => undefined
      )
      await ended
      patience.abort()
      await insist
    }
  }
}
