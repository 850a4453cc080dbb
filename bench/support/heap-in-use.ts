import { setTimeout as delay } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { BroadcastChannel } from 'node:worker_threads'

/** Channel on which threads are asked for their heap. */
export const HEAP_CHANNEL = 'xecureapi-bench-heap'

/** Time for what was let go to finish, in milliseconds: closing apps, finalizers. */
const SETTLE = 200

/** MiB of this thread's heap that are in use after full collections; needs --expose-gc. */
export async function heapInUse(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc!()
    await delay(SETTLE)
  }
  const { used_heap_size: heap, malloced_memory: malloced } = getHeapStatistics()
  return (heap + malloced) / 2 ** 20
}

/** The same of so many worker threads that run heap-worker.ts, in the order of their ids. */
export async function heapInUseOfWorkers(count: number): Promise<number[]> {
  const channel = new BroadcastChannel(HEAP_CHANNEL)
  const heaps = new Map<number, number>()
  await new Promise<void>((resolve) => {
    channel.addEventListener('message', (event) => {
      const { threadId, heap } = (event as MessageEvent).data as { threadId: number; heap: number }
      heaps.set(threadId, heap)
      if (heaps.size === count) resolve()
    })
    channel.postMessage('ask')
  })
  channel.close()
  return [...heaps].toSorted(([a], [b]) => a - b).map(([, heap]) => heap)
}
