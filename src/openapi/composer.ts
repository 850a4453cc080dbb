import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type {
  ComposeResult,
  ComposerAnswer,
  ComposerTask,
  ComposeTask,
  ContractTask,
  ReadResult,
  ReadTask
} from './composer-tasks.ts'
import type { Contract } from './contract.ts'

const ENTRY = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './composer-process.ts' : './composer-process.js',
    import.meta.url
  )
)
/** How long a task may take, in milliseconds: the largest documents that are known take a second or two. */
const TIMEOUT = 20_000
/** Heap of the process, in MiB; it dies of reaching it. */
const HEAP = 1024
/** How long the process is kept for more, in milliseconds. */
const IDLE = 2000
/** What it is told of its surroundings; secrets are in others. */
const ENVIRONMENT = [
  'PATH',
  'LD_LIBRARY_PATH',
  'NODE_COMPILE_CACHE',
  'NODE_DISABLE_COMPILE_CACHE',
  'TMPDIR'
] as const

/** A task that was given up. */
export class ComposerError extends Error {
  readonly reason: 'took_too_long' | 'out_of_memory' | 'failed' | 'stopped'

  constructor(reason: ComposerError['reason'], message = '') {
    super(message === '' ? `a document could not be composed: ${reason}` : message)
    this.name = 'ComposerError'
    this.reason = reason
  }
}

/** Bounds of a composer, for tests. */
export interface ComposerOptions {
  /** Milliseconds per task. */
  readonly timeout?: number
  /** Of the process, in MiB. */
  readonly heap?: number
}

/**
 * Reads and composes documents in a process of its own, one after the other: what backends send can neither hold up the
 * control plane nor take its memory. No thread would do: where the heap of one is full amid `JSON.parse`, the whole
 * process ends. It lives while there is something to do.
 */
export class Composer {
  readonly #timeout: number
  readonly #heap: number
  #child: ChildProcess | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  #isStopped = false
  #giveUp: ((error: ComposerError) => void) | undefined

  constructor({ timeout = TIMEOUT, heap = HEAP }: ComposerOptions = {}) {
    this.#timeout = timeout
    this.#heap = heap
  }

  /** @throws ComposerError when it took too long or too much memory. */
  async read(task: Omit<ReadTask, 'kind'>): Promise<ReadResult> {
    return (await this.#inTurn({ ...task, kind: 'read' })) as ReadResult
  }

  /** @throws ComposerError when it took too long or too much memory. */
  async compose(task: Omit<ComposeTask, 'kind'>): Promise<ComposeResult> {
    return (await this.#inTurn({ ...task, kind: 'compose' })) as ComposeResult
  }

  /** @throws ComposerError when it took too long or too much memory, or no code could be made of it. */
  async contract(task: Omit<ContractTask, 'kind'>): Promise<Contract> {
    return (await this.#inTurn({ ...task, kind: 'contract' })) as Contract
  }

  /** Ends the process, and whatever it does. */
  stop(): void {
    this.#isStopped = true
    this.#giveUp?.(new ComposerError('stopped'))
    this.#end()
  }

  async #inTurn(task: ComposerTask): Promise<unknown> {
    const result = this.#turn.then(() => this.#run(task))
    this.#turn = result.catch(() => undefined)
    return await result
  }

  async #run(task: ComposerTask): Promise<unknown> {
    if (this.#isStopped) throw new ComposerError('stopped')
    clearTimeout(this.#idle)
    const child = (this.#child ??= this.#spawn())
    child.channel?.ref()
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#giveUp = reject
    const timer = setTimeout(() => reject(new ComposerError('took_too_long')), this.#timeout)
    const onMessage = (answer: ComposerAnswer): void => {
      if ('error' in answer) reject(new ComposerError('failed', answer.error))
      else resolve(answer.result)
    }
    // V8 aborts where there is no memory, and the kernel kills.
    const onExit = (_code: number | null, signal: string | null): void =>
      reject(new ComposerError(signal === 'SIGABRT' || signal === 'SIGKILL' ? 'out_of_memory' : 'failed'))
    const onError = (error: Error): void => reject(new ComposerError('failed', error.message))
    child.once('message', onMessage)
    child.once('exit', onExit)
    child.once('error', onError)
    try {
      child.send(task)
      const result = await promise
      child.channel?.unref()
      this.#idle = setTimeout(() => this.#end(), IDLE).unref()
      return result
    } catch (error) {
      // Whatever it does is of no use any more.
      this.#end()
      throw error
    } finally {
      clearTimeout(timer)
      this.#giveUp = undefined
      child.off('message', onMessage)
      child.off('exit', onExit)
      child.off('error', onError)
    }
  }

  #spawn(): ChildProcess {
    const child = fork(ENTRY, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [`--max-old-space-size=${this.#heap}`],
      env: Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]]))
    })
    child.unref()
    // One that ends while it has nothing to do is replaced when it has.
    child.on('error', () => {})
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined
    })
    return child
  }

  #end(): void {
    clearTimeout(this.#idle)
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }
}
