import { Worker } from 'node:worker_threads'
import type {
  ComposeResult,
  ComposerTask,
  ComposeTask,
  ContractTask,
  ReadResult,
  ReadTask
} from './composer-tasks.ts'
import type { Contract } from './contract.ts'

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './composer-worker.ts' : './composer-worker.js',
  import.meta.url
)
/** How long a task may take, in milliseconds: the largest documents that are known take a second or two. */
const TIMEOUT = 20_000
/** Heap of the thread, in MiB; it dies of reaching it. */
const HEAP = 1024
/** How long the thread is kept for more, in milliseconds. */
const IDLE = 2000

/** A task that was given up. */
export class ComposerError extends Error {
  readonly reason: 'took_too_long' | 'out_of_memory' | 'failed' | 'stopped'

  constructor(reason: ComposerError['reason'], cause?: unknown) {
    super(`a document could not be composed: ${reason}`, { cause })
    this.name = 'ComposerError'
    this.reason = reason
  }
}

/** Bounds of a composer, for tests. */
export interface ComposerOptions {
  /** Milliseconds per task. */
  readonly timeout?: number
  /** Of the thread, in MiB. */
  readonly heap?: number
}

/**
 * Reads and composes documents on a thread of its own, one after the other: what backends send can neither hold up
 * the control plane nor take its memory. The thread lives while there is something to do.
 */
export class Composer {
  readonly #timeout: number
  readonly #heap: number
  #worker: Worker | undefined
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

  /** Ends the thread, and whatever it does. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#giveUp?.(new ComposerError('stopped'))
    await this.#end()
  }

  async #inTurn(task: ComposerTask): Promise<unknown> {
    const result = this.#turn.then(() => this.#run(task))
    this.#turn = result.catch(() => undefined)
    return await result
  }

  async #run(task: ComposerTask): Promise<unknown> {
    if (this.#isStopped) throw new ComposerError('stopped')
    clearTimeout(this.#idle)
    const worker = (this.#worker ??= this.#spawn())
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#giveUp = reject
    const timer = setTimeout(() => reject(new ComposerError('took_too_long')), this.#timeout).unref()
    const onError = (error: Error & { code?: string }): void => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      reject(new ComposerError(isFull ? 'out_of_memory' : 'failed', error))
    }
    const onExit = (): void => reject(new ComposerError('failed'))
    worker.once('message', resolve)
    worker.once('error', onError)
    worker.once('exit', onExit)
    worker.postMessage(task)
    try {
      const result = await promise
      this.#idle = setTimeout(() => void this.#end(), IDLE).unref()
      return result
    } catch (error) {
      // Whatever it does is of no use any more.
      await this.#end()
      throw error
    } finally {
      clearTimeout(timer)
      this.#giveUp = undefined
      worker.off('message', resolve)
      worker.off('error', onError)
      worker.off('exit', onExit)
    }
  }

  #spawn(): Worker {
    const worker = new Worker(ENTRY, {
      name: 'xecureapi-composer',
      resourceLimits: { maxOldGenerationSizeMb: this.#heap }
    })
    worker.unref()
    // One that dies of an error while it has nothing to do is replaced when it has.
    worker.on('error', () => {})
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
    })
    return worker
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }
}
