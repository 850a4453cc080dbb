import { totalmem } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { JwksSnapshot } from '../access/jwks-source.ts'
import type { LogLevel } from '../config/types.ts'
import type { LoggerOptions } from '../telemetry/logger.ts'
import type { PublishedDocuments } from '../openapi/published.ts'
import type {
  DataPlaneControl,
  GenerationSpec,
  ListenAddress,
  Redirect,
  StopReport,
  ThreadData,
  ThreadMessage,
  TlsMaterial
} from './messages.ts'
import {
  type PlaneThread,
  type SpawnThread,
  type ThreadExit,
  ThreadGone,
  type ThreadNews
} from './plane-thread.ts'

/** What all worker threads have in common. */
export interface WorkerOptions {
  /** Module that a thread runs. */
  readonly entry: URL
  /** Limit of a thread's heap, in MiB; it dies of reaching it. */
  readonly heap: number
  readonly heartbeats: SharedArrayBuffer
  readonly log: LoggerOptions
}

/** A worker thread of the data plane, called over its message port. */
class WorkerThread implements PlaneThread {
  readonly control: DataPlaneControl
  readonly exited: PlaneThread['exited']
  oldest = Infinity
  readonly #worker: Worker
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #news: ThreadNews
  #lastCall = 0
  #reason: ThreadExit | undefined
  #error: Error | undefined
  #gone = false

  constructor(row: number, options: WorkerOptions, news: ThreadNews) {
    const data: ThreadData = { row, heartbeats: options.heartbeats, log: options.log }
    this.#news = news
    this.#worker = new Worker(options.entry, {
      name: `xecureapi-worker-${row}`,
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: options.heap }
    })
    this.#worker.on('message', (message: ThreadMessage) => this.#onMessage(message))
    this.#worker.on('error', (error: Error) => {
      this.#error = error
    })
    this.exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#gone = true
        for (const call of this.#calls.values()) call.reject(new ThreadGone())
        this.#calls.clear()
        resolve({
          reason: this.#reason ?? exitReason(this.#error),
          ...(this.#error && { error: this.#error })
        })
      })
    })
    this.control = {
      prepare: (spec: GenerationSpec) => this.#call('prepare', spec) as Promise<void>,
      commit: (version: number) => this.#call('commit', version) as Promise<void>,
      abort: (version: number) => this.#call('abort', version) as Promise<void>,
      secure: (material: TlsMaterial) => this.#call('secure', material) as Promise<void>,
      verifyWith: (keys: readonly JwksSnapshot[]) => this.#call('verifyWith', keys) as Promise<void>,
      setLogLevel: (level: LogLevel) => this.#call('setLogLevel', level) as Promise<void>,
      takenTraces: () => this.#call('takenTraces') as Promise<void>,
      publish: (documents: PublishedDocuments) => this.#call('publish', documents) as Promise<void>,
      listen: (address: ListenAddress) => this.#call('listen', address) as Promise<void>,
      redirect: (redirect: Redirect | undefined) => this.#call('redirect', redirect) as Promise<void>,
      drain: () => this.#call('drain') as Promise<void>,
      stop: (timeout: number) => this.#call('stop', timeout) as Promise<StopReport>
    }
  }

  terminate(reason: ThreadExit): void {
    this.#reason ??= reason
    void this.#worker.terminate()
  }

  #call(method: keyof DataPlaneControl, ...args: unknown[]): Promise<unknown> {
    if (this.#gone) return Promise.reject(new ThreadGone())
    const call = Promise.withResolvers<unknown>()
    const id = ++this.#lastCall
    this.#calls.set(id, call)
    this.#worker.postMessage({ id, method, args })
    return call.promise
  }

  #onMessage(message: ThreadMessage): void {
    if (message.kind === 'oldest') {
      this.oldest = message.version
      this.#news.onOldest()
      return
    }
    if (message.kind === 'suspect') {
      this.#news.onSuspect(message.group, message.id)
      return
    }
    if (message.kind === 'stale-keys') {
      this.#news.onStaleKeys(message.url)
      return
    }
    if (message.kind === 'traces') {
      this.#news.onTraces(message.batch)
      this.control.takenTraces().catch(() => {})
      return
    }
    const call = this.#calls.get(message.id)
    this.#calls.delete(message.id)
    if (message.kind === 'result') call?.resolve(message.value)
    else call?.reject(new Error(message.message))
  }
}

/** Spawns worker threads. */
export function workerThreads(options: WorkerOptions): SpawnThread {
  return (row, news) => new WorkerThread(row, options, news)
}

function exitReason(error: (Error & { code?: string }) | undefined): ThreadExit {
  if (!error) return 'stopped'
  return error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out_of_memory' : 'uncaught_exception'
}

/**
 * A heap limit that gives all threads half of the memory: one that leaks dies before the machine does, or the container.
 * In MiB.
 *
 * @param memory - Bytes that the process may have.
 */
export function heapLimit(count: number, memory = memoryOfProcess()): number {
  const share = memory / 2 / count / 2 ** 20
  return Math.floor(Math.min(Math.max(share, 256), 4096))
}

/** Bytes of the machine, or of its cgroup where that has less: a container is killed at its own limit. */
function memoryOfProcess(): number {
  // Without a limit it is 0, or more than there is.
  return Math.min(totalmem(), process.constrainedMemory() || Infinity)
}
