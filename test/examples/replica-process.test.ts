import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestContext, test } from 'node:test'
import type { Replica } from '../../examples/marketplace/layout.ts'
import { type ReplicaProcess, runReplica } from '../../examples/marketplace/replica-process.ts'
import type { Order } from '../../examples/marketplace/schemas.ts'
import { freePorts } from './free-ports.ts'
import { call } from './replica.ts'
import { tempFolder } from './temp-folder.ts'

function run(t: TestContext, replica: Replica, folder: string, said: string[] = []): ReplicaProcess {
  const process = runReplica(replica, folder, (line) => said.push(line), { reviveAfter: 100 })
  t.after(() => process.stop())
  return process
}

function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(pid!, 0)
  } catch {
    return false
  }
}

test('a replica in a process of its own serves until it is stopped, and leaves no process', async (t) => {
  const [port = 0] = await freePorts(1)
  const replica = run(t, { kind: 'catalog', name: 'catalog-7', host: '127.0.0.1', port }, await tempFolder(t))
  await replica.listening
  const { headers } = await call('GET', `http://127.0.0.1:${port}/healthz`)
  assert.equal(headers.get('x-served-by'), 'catalog-7')
  const pid = replica.pid()
  assert.ok(isAlive(pid))
  await replica.stop()
  assert.ok(!isAlive(pid))
})

test('an order placed at one replica is known to the other and survives a kill', async (t) => {
  const folder = await tempFolder(t)
  const said: string[] = []
  const [one = 0, two = 0] = await freePorts(2)
  const first = run(t, { kind: 'orders', name: 'orders-1', host: '127.0.0.1', port: one }, folder, said)
  const second = run(t, { kind: 'orders', name: 'orders-2', host: '127.0.0.1', port: two }, folder)
  await Promise.all([first.listening, second.listening])
  const placed = await call<Order>('POST', `http://127.0.0.1:${one}/orders`, {
    items: [{ sku: 'SPO-003', quantity: 1 }]
  })
  const killed = first.pid()
  process.kill(killed!, 'SIGKILL')
  assert.deepEqual((await call('GET', `http://127.0.0.1:${two}/orders/${placed.body.id}`)).body, placed.body)

  const deadline = Date.now() + 30_000
  while (said.length < 2 && Date.now() < deadline) await sleep(50)
  assert.deepEqual(said, [
    `orders-1 (pid ${killed}) died (SIGKILL), starts again in 0.1 s`,
    `orders-1 is back, pid ${first.pid()}`
  ])
  assert.deepEqual((await call('GET', `http://127.0.0.1:${one}/orders/${placed.body.id}`)).body, placed.body)
})

test('a replica that can not start says why, and is not tried again', async (t) => {
  const folder = await tempFolder(t)
  const [port = 0] = await freePorts(1)
  const there = run(t, { kind: 'catalog', name: 'catalog-1', host: '127.0.0.1', port }, folder)
  await there.listening
  const other = run(t, { kind: 'orders', name: 'orders-1', host: '127.0.0.1', port }, folder)
  await assert.rejects(
    other.listening,
    /^Error: orders-1 did not start \(exit code 1\): orders-1: .*EADDRINUSE/
  )
})
