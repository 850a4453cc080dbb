/**
 * Loaded into the gateway's process and all its threads (`--import`) so that a run can break its workers: the rest is the
 * gateway as it is installed.
 */
import { isMainThread, workerData } from 'node:worker_threads'
import { type CrashOrder, crashWorker } from '../../test/helpers/crash-worker.ts'
import { obeyCrashOrders } from '../../test/helpers/obey-crash-orders.ts'

if (isMainThread) {
  process.on('message', (order: CrashOrder) => crashWorker(order))
  // The gateway ends when it has done its work, whoever could still write to it.
  process.channel?.unref()
} else if (isWorkerOfGateway(workerData)) obeyCrashOrders(workerData.row)

function isWorkerOfGateway(data: unknown): data is { readonly row: number } {
  return typeof data === 'object' && data !== null && 'row' in data && 'heartbeats' in data
}
