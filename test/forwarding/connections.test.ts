import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Connections } from '../../src/forwarding/connections.ts'
import type { ResponseSink } from '../../src/forwarding/connection.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { until } from '../helpers/until.ts'
import { apply, group } from '../upstreams/groups.ts'

const SETTINGS = { protocol: 'http1', connectTimeout: 5000, keepAlive: 60_000 } as const
const REQUEST = { method: 'GET', target: '/', headers: ['host', 'shop'], body: null }

test('connections of a group that went and came back are counted where it stands now', async (t) => {
  const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const connections = new Connections()
  t.after(async () => {
    await connections.destroy()
    server.close()
  })
  const registry = new UpstreamRegistry()
  const shop = group('shop', [host])
  const backendNow = () => registry.groups.get('shop')!.backends[0]!
  const ask = async (connection: ReturnType<Connections['acquire']>): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const sink: Partial<ResponseSink> = {
      onSending: () => {},
      onHead: () => {},
      onBody: () => true,
      onEnd: () => resolve()
    }
    connection.send(REQUEST, sink as ResponseSink)
    await promise
  }

  apply(registry, [shop, group('other', [host])], 1)
  const before = backendNow()
  const first = connections.acquire(before, SETTINGS)
  await ask(first)
  assert.deepEqual([before.stats.connections, before.stats.connects], [1, 1])

  apply(registry, [group('other', [host])], 2)
  // A request of the first generation is not over yet: its connections live on.
  apply(registry, [shop, group('other', [host])], 3)
  const after = backendNow()
  assert.notEqual(after.stats.slot, before.stats.slot)
  const second = connections.acquire(after, SETTINGS)
  await ask(second)
  assert.deepEqual([after.stats.connections, after.stats.connects], [1, 1])
  assert.equal(before.stats.connects, 1)

  await connections.release(before, SETTINGS)
  await until('the old ones are closed', () => before.stats.connections === 0)
  assert.equal(after.stats.connections, 1)
})
