/** The gateway's own worker, which also says on demand what its heap holds after a full collection. */
import { BroadcastChannel, threadId } from 'node:worker_threads'
import { HEAP_CHANNEL, heapInUse } from './heap-in-use.ts'

const channel = new BroadcastChannel(HEAP_CHANNEL)
channel.unref()
channel.addEventListener('message', (event) => {
  if ((event as MessageEvent).data === 'ask') void answer()
})

await import('../../src/worker.ts')

async function answer(): Promise<void> {
  channel.postMessage({ threadId, heap: await heapInUse() })
}
