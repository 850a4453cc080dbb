import { parentPort, workerData } from 'node:worker_threads'
import { createLogger } from './telemetry/logger.ts'
import { DataPlane } from './threads/data-plane.ts'
import { beat } from './threads/heartbeats.ts'
import type { ThreadCall, ThreadData, ThreadMessage } from './threads/messages.ts'

// One worker thread of the data plane: it serves traffic and does what the control plane asks over the port.
const { row, heartbeats, log } = workerData as ThreadData
const port = parentPort!
const plane = new DataPlane({
  row,
  log: await createLogger(log),
  onOldest: (version) => send({ kind: 'oldest', version }),
  onSuspect: (group, id) => send({ kind: 'suspect', group, id }),
  onStaleKeys: (url) => send({ kind: 'stale-keys', url }),
  onTraces: (batch) => send({ kind: 'traces', batch })
})

beat(heartbeats, row)
port.on('message', (call: ThreadCall) => void answer(call))

async function answer({ id, method, args }: ThreadCall): Promise<void> {
  try {
    const handler = plane[method] as (...parameters: unknown[]) => Promise<unknown>
    send({ kind: 'result', id, value: await handler.apply(plane, [...args]) })
  } catch (error) {
    send({ kind: 'error', id, message: error instanceof Error ? error.message : String(error) })
  }
}

function send(message: ThreadMessage): void {
  port.postMessage(message)
}
