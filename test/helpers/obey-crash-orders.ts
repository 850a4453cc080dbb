import { BroadcastChannel } from 'node:worker_threads'
import { CRASH_CHANNEL, type CrashOrder } from './crash-worker.ts'

/** Milliseconds. */
const LATE = 500

/** Lets the worker thread that calls this be broken by orders for its row. */
export function obeyCrashOrders(row: number): void {
  const channel = new BroadcastChannel(CRASH_CHANNEL)
  channel.addEventListener('message', (event) => {
    const order = (event as MessageEvent).data as CrashOrder
    if (order.row === row) crash(order.what)
  })
}

function crash(what: CrashOrder['what']): void {
  if (what === 'throw late') standStill(LATE)
  if (what === 'throw' || what === 'throw late') {
    setImmediate(() => {
      throw new Error('crashed by a test')
    })
  } else if (what === 'block') {
    standStill()
  } else {
    const hoard: number[][] = []
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => index + 0.5))
  }
}

function standStill(milliseconds?: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
