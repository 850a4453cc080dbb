import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import type { LogFormat, LogLevel, ServerConfig } from '../config/types.ts'
import type { EventLog } from '../telemetry/events.ts'
import type { TraceBatch } from '../telemetry/trace-outbox.ts'
import { createHeartbeats, StallWatch } from './heartbeats.ts'
import { localThreads } from './local-thread.ts'
import { supportsReusePort } from './reserve-port.ts'
import { type ThreadDeath, ThreadPool } from './thread-pool.ts'
import { heapLimit, workerThreads } from './worker-thread.ts'

/** What the data plane needs, and whom it tells. */
export interface DataPlanePoolOptions {
  readonly log: Logger
  readonly events: EventLog
  /** Worker threads; 0 serves on this thread. */
  readonly workers: number
  readonly stallTimeout: number
  /** Module that a worker thread runs. */
  readonly workerEntry: URL
  /** Heap limit of one thread, in MiB; undefined = its share of half of the memory. */
  readonly workerHeap: number | undefined
  readonly logFormat: LogFormat
  /** Undoes what a dead thread left in its row of live state. */
  readonly clearRow: (row: number) => void
  /** The oldest generation in use over all threads may have changed. */
  readonly onOldest: () => void
  /** A backend has failed as often in a row as makes it suspect. */
  readonly onSuspect: (group: string, id: string) => void
  /** Keys of an issuer that the threads have do not verify what came. */
  readonly onStaleKeys: (url: string) => void
  /** Requests that are traced are over. */
  readonly onTraces: (batch: TraceBatch) => void
}

/**
 * How many worker threads to run: 0 where a port can't be shared by threads, said once.
 *
 * @param port - The port to listen on, free at the moment.
 */
export async function workerCount(
  { host, workers }: ServerConfig,
  port: number,
  log: Logger
): Promise<number> {
  const count = workers === 'auto' ? availableParallelism() : workers
  if (count === 0 || (await supportsReusePort(host, port))) return count
  log.warn({ workers }, 'threads cannot share a port on this platform: serving on the main thread')
  return 0
}

/** Makes the pool of threads that serve, with a watch that ends those whose loop stands still. */
export function createDataPlanePool(options: DataPlanePoolOptions): {
  pool: ThreadPool
  stopWatch: () => void
} {
  const { log, events, workers, stallTimeout } = options
  const heartbeats = createHeartbeats(Math.max(1, workers))
  const watch = new StallWatch(heartbeats, stallTimeout)
  const pool = new ThreadPool({
    count: Math.max(1, workers),
    spawn:
      workers === 0
        ? localThreads(log)
        : workerThreads({
            entry: options.workerEntry,
            heap: options.workerHeap ?? heapLimit(workers),
            heartbeats,
            log: { level: log.level as LogLevel, format: options.logFormat }
          }),
    onSpawn: (row) => watch.reset(row),
    onOldest: options.onOldest,
    onSuspect: options.onSuspect,
    onStaleKeys: options.onStaleKeys,
    onTraces: options.onTraces,
    onDeath: ({ row, reason, error, restartIn }: ThreadDeath) => {
      options.clearRow(row)
      log.error({ worker: row, reason, restartIn, err: error }, 'worker thread died')
      events.record({ type: 'worker', worker: row, state: 'died', reason })
    },
    onRestart: (row) => {
      log.info({ worker: row }, 'worker thread serves again')
      events.record({ type: 'worker', worker: row, state: 'serving' })
    }
  })
  const timer = setInterval(
    () => {
      for (const row of watch.stalled(performance.now())) {
        watch.reset(row)
        pool.terminate(row, 'stalled')
      }
    },
    Math.min(stallTimeout / 4, 1000)
  )
  timer.unref()
  return { pool, stopWatch: () => clearInterval(timer) }
}
