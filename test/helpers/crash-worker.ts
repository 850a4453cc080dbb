import { BroadcastChannel } from 'node:worker_threads'

/** Where {@link crashWorker} and the worker meet. */
export const CRASH_CHANNEL = 'xecureapi-test-crash'

/** What a worker of a test does to itself. */
export interface CrashOrder {
  readonly row: number
  /** `throw late`: when much has come for it meanwhile. */
  readonly what: 'throw' | 'throw late' | 'block' | 'oom'
}

/** Module of a worker that obeys {@link crashWorker}: the `workerEntry` of a test's gateway. */
export const CRASHING_WORKER = new URL('./crashing-worker.ts', import.meta.url)

/** Breaks a worker of a gateway in this process. */
export function crashWorker(order: CrashOrder): void {
  const channel = new BroadcastChannel(CRASH_CHANNEL)
  channel.postMessage(order)
  channel.close()
}
