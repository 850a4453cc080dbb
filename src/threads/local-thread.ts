import type { FastifyBaseLogger } from 'fastify'
import { DataPlane } from './data-plane.ts'
import type { DataPlaneControl } from './messages.ts'
import type { PlaneThread, SpawnThread, ThreadExit, ThreadNews } from './plane-thread.ts'

/** The data plane on the control plane's own thread, for `workers: 0`. */
class LocalThread implements PlaneThread {
  readonly control: DataPlaneControl
  readonly exited: PlaneThread['exited']
  oldest = Infinity
  readonly #exit: (exit: { reason: ThreadExit }) => void

  constructor(row: number, log: FastifyBaseLogger, news: ThreadNews) {
    const { promise, resolve } = Promise.withResolvers<{ reason: ThreadExit }>()
    this.exited = promise
    this.#exit = resolve
    this.control = new DataPlane({
      row,
      log,
      onOldest: (version) => {
        this.oldest = version
        news.onOldest()
      },
      onSuspect: news.onSuspect,
      onStaleKeys: news.onStaleKeys,
      onTraces: (batch) => {
        news.onTraces(batch)
        void this.control.takenTraces()
      }
    })
  }

  terminate(reason: ThreadExit): void {
    // It shares this thread with whoever takes its place: nothing of it may go on.
    void this.control.stop(0).finally(() => this.#exit({ reason }))
  }
}

/** Spawns the data plane here. */
export function localThreads(log: FastifyBaseLogger): SpawnThread {
  return (row, news) => new LocalThread(row, log, news)
}
