/** The gateway's own worker, which also says on demand what its heap holds after a full collection. */
import { BroadcastChannel, threadId } from 'node:worker_threads'
import { HEAP_CHANNEL, heapInUse } from './heap-in-use.ts'

const channel = new BroadcastChannel(HEAP_CHANNEL)
channel.unref()
channel.onmessage = ({ data }) => {
  if (data === 'ask') void heapInUse().then((heap) => channel.postMessage({ threadId, heap }))
}

await import('../../src/worker.ts')
