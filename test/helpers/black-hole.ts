import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** A thread that listens with the smallest backlog, and then never accepts anything. */
const LISTENER = `
  const { createServer } = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  const server = createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(workerData), 0, 0)
    process.exit()
  })
`

/** Starts an address where connections are neither made nor refused; returns its origin. */
export async function startBlackHole(t: TestContext): Promise<string> {
  const gate = new SharedArrayBuffer(4)
  const thread = new Worker(LISTENER, { eval: true, workerData: gate })
  const [port] = (await once(thread, 'message')) as [number]
  // The kernel makes as many connections as fit into the backlog, whether they are accepted or not.
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  t.after(async () => {
    for (const filler of fillers) filler.destroy()
    const gone = once(thread, 'exit')
    Atomics.store(new Int32Array(gate), 0, 1)
    Atomics.notify(new Int32Array(gate), 0)
    await gone
  })
  await delay(100)
  return `http://127.0.0.1:${port}`
}
