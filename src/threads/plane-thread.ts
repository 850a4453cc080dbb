import type { TraceBatch } from '../telemetry/trace-outbox.ts'
import type { DataPlaneControl } from './messages.ts'

/** Why a thread ended, as data. */
export type ThreadExit = 'stopped' | 'uncaught_exception' | 'out_of_memory' | 'stalled'

/** One thread of the data plane as the control plane holds it, on a thread of its own or not. */
export interface PlaneThread {
  readonly control: DataPlaneControl
  /** Fulfilled when the thread is gone, with the error that ended it. */
  readonly exited: Promise<{ readonly reason: ThreadExit; readonly error?: Error }>
  /** The oldest generation that still has requests in it; Infinity before the first. */
  readonly oldest: number
  /** Ends it at once. @param reason - What `exited` then says. */
  terminate(reason: ThreadExit): void
}

/** What a thread tells the control plane. */
export interface ThreadNews {
  /** {@link PlaneThread.oldest} has changed. */
  readonly onOldest: () => void
  /** A backend has failed as often in a row as makes it suspect. */
  readonly onSuspect: (group: string, id: string) => void
  /** Keys of an issuer that it has do not verify what came: there may be newer ones. */
  readonly onStaleKeys: (url: string) => void
  /** Requests that are traced are over. */
  readonly onTraces: (batch: TraceBatch) => void
}

/** Makes the thread that writes a row of live state. */
export type SpawnThread = (row: number, news: ThreadNews) => PlaneThread

/** A call to a thread that ended before it could answer. */
export class ThreadGone extends Error {
  constructor() {
    super('the worker thread ended')
    this.name = 'ThreadGone'
  }
}
