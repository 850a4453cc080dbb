import type { FastifyBaseLogger } from 'fastify'
import { DataPlane } from './data-plane.ts'
import type { DataPlaneControl } from './messages.ts'
import type { PlaneThread, SpawnThread, ThreadExit } from './plane-thread.ts'

/** The data plane on the control plane's own thread, for `workers: 0`. */
class LocalThread implements PlaneThread {
  readonly control: DataPlaneControl
  readonly exited: PlaneThread['exited']
  oldest = Infinity
  readonly #exit: (exit: { reason: ThreadExit }) => void

  constructor(row: number, log: FastifyBaseLogger, onOldest: () => void) {
    const { promise, resolve } = Promise.withResolvers<{ reason: ThreadExit }>()
    this.exited = promise
    this.#exit = resolve
    this.control = new DataPlane({
      row,
      log,
      onOldest: (version) => {
        this.oldest = version
        onOldest()
      }
    })
  }

  terminate(reason: ThreadExit): void {
    this.#exit({ reason })
  }
}

/** Spawns the data plane here. */
export function localThreads(log: FastifyBaseLogger): SpawnThread {
  return (row, onOldest) => new LocalThread(row, log, onOldest)
}
