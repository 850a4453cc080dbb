import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackend } from '../../helpers/backend.ts'
import { startGateway } from '../../helpers/gateway.ts'

test('connections to backends are kept for as long as connections.keepAlive says', async (t) => {
  for (const [keepAlive, expected] of [
    ['60s', 1],
    ['0s', 3]
  ] as const) {
    const backend = await startBackend(t, 'a')
    let connections = 0
    backend.server.on('connection', () => connections++)
    const { url } = await startGateway(t, {
      upstreams: { a: { backends: [backend.url], connections: { keepAlive } } },
      routes: [{ path: '/', upstream: 'a' }]
    })
    for (let request = 0; request < 3; request++) {
      assert.equal(await (await fetch(url)).text(), 'a')
    }
    assert.equal(connections, expected, keepAlive)
  }
})
