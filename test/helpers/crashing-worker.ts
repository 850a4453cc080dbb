import { BroadcastChannel, workerData } from 'node:worker_threads'
import type { ThreadData } from '../../src/threads/messages.ts'
import '../../src/worker.ts'
import { CRASH_CHANNEL, type CrashOrder } from './crash-worker.ts'

// The gateway's own worker, with a way to break it from outside.
const { row } = workerData as ThreadData
const channel = new BroadcastChannel(CRASH_CHANNEL)
channel.addEventListener('message', (event) => {
  const order = (event as MessageEvent).data as CrashOrder
  if (order.row === row) crash(order.what)
})

function crash(what: CrashOrder['what']): void {
  if (what === 'throw') {
    setImmediate(() => {
      throw new Error('crashed by a test')
    })
  } else if (what === 'block') {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  } else {
    const hoard: number[][] = []
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => index + 0.5))
  }
}
