import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** The core that the proxies have to themselves. */
export const PROXY_CORE = 0
/** The core that the clients and the backends share. */
export const LOAD_CORE = 1

/** How long a process has to answer its first request, in milliseconds. */
const START_TIMEOUT = 30_000
/** How long it has to end once asked to, in milliseconds. */
const STOP_TIMEOUT = 8_000

/** What to start. */
export interface ProcessOrder {
  /** For messages. */
  readonly name: string
  /** The only core that it may run on. */
  readonly core: number
  readonly command: readonly [string, ...string[]]
  /** Where it keeps its files; what it says goes to `output` there. */
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  /** File for standard output, if it is to be on its own. */
  readonly stdout?: string
  /** Whether it is a Node that answers messages, see {@link PinnedProcess.ask}. */
  readonly answersMessages?: boolean
}

const running = new Set<PinnedProcess>()
process.on('exit', () => {
  // Not SIGKILL: an nginx that can't tell its workers would leave them behind.
  for (const each of running) each.signal('SIGTERM')
})

/** A process on one core, which ends with this one whatever happens. */
export class PinnedProcess {
  readonly #child: ChildProcess
  readonly #order: ProcessOrder
  readonly #output: string
  /** Fulfilled when it has ended, however it did. */
  readonly ended: Promise<void>

  constructor(order: ProcessOrder) {
    this.#order = order
    this.#output = join(order.folder, 'output')
    const output = openSync(this.#output, 'a')
    const stdout = order.stdout === undefined ? output : openSync(order.stdout, 'a')
    // taskset becomes the program, so that its id is the program's.
    this.#child = spawn('taskset', ['-c', String(order.core), ...order.command], {
      stdio: ['ignore', stdout, output, ...(order.answersMessages ? (['ipc'] as const) : [])],
      env: { ...process.env, ...order.env }
    })
    running.add(this)
    this.ended = once(this.#child, 'exit').then(() => void running.delete(this))
    closeSync(output)
    if (stdout !== output) closeSync(stdout)
  }

  get pid(): number {
    return this.#child.pid!
  }

  /**
   * Waits until a GET of this URL is answered with 200.
   *
   * @throws Error when it ended before, or took too long.
   */
  async answers(url: string): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT
    while (!(await isOk(url))) {
      this.checkRuns()
      if (performance.now() > deadline) {
        throw new Error(`${this.#order.name} did not answer ${url}: ${this.#lastWords()}`)
      }
      await delay(50)
    }
  }

  /** @throws Error with what it said last, when it has ended. */
  checkRuns(): void {
    if (!running.has(this)) throw new Error(`${this.#order.name} ended: ${this.#lastWords()}`)
  }

  /**
   * Sends a message to a process that answers each with one, and waits for the answer.
   *
   * @throws Error when it ends before.
   */
  async ask<Answer>(message: object): Promise<Answer> {
    this.checkRuns()
    const answer = once(this.#child, 'message') as Promise<[Answer]>
    this.#child.send(message)
    const first = await Promise.race([answer, this.ended])
    if (first === undefined) throw new Error(`${this.#order.name} ended: ${this.#lastWords()}`)
    return first[0]
  }

  /** Asks it to end and waits for that; insists when it doesn't. @returns Its exit code; null when a signal ended it. */
  async stop(): Promise<number | null> {
    if (!running.has(this)) return this.#child.exitCode
    this.signal('SIGTERM')
    const insisted = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT)
    await this.ended
    clearTimeout(insisted)
    return this.#child.exitCode
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(name)
  }

  #lastWords(): string {
    return readFileSync(this.#output, 'utf8').slice(-2_000).trim() || 'it said nothing'
  }
}

/** Ends all that were started and still run. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((each) => each.stop()))
}

async function isOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(1_000),
      headers: { connection: 'close' }
    })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}
