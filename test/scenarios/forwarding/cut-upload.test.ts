import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackend } from '../../helpers/backend.ts'
import { startGateway, untilIdle } from '../../helpers/gateway.ts'
import { rawClient } from '../../helpers/raw-client.ts'

for (const [name, fields] of [
  ['any', ''],
  ['one whose Upgrade is not followed', 'Connection: Upgrade\r\nUpgrade: x\r\n']
] as const) {
  test(`a client that ends its side within the body of a request is told so: ${name}`, async (t) => {
    const backend = await startBackend(t, 'backend')
    const { gateway, url } = await startGateway(t, {
      upstreams: { all: { backends: [backend.url] } },
      routes: [{ path: '/', upstream: 'all' }]
    })
    const client = await rawClient(t, url)
    const head = `POST /2?delay=60000 HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: 10\r\n\r\n`
    client.write(`GET /1?delay=50 HTTP/1.1\r\nHost: a\r\n\r\n${head}half`)
    client.socket.end()
    await client.closed
    assert.match(client.text(), /HTTP\/1\.1 200 OK\r\n[^]*HTTP\/1\.1 400 Bad Request\r\n/)
    await untilIdle(gateway)
  })
}

test('a request that was answered early gets no second response when its body turns out wrong', async (t) => {
  const backend = await startBackend(t, 'backend')
  const { url } = await startGateway(t, {
    upstreams: { all: { backends: [backend.url] } },
    routes: [{ path: '/', upstream: 'all' }]
  })
  const client = await rawClient(t, url)
  client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  await client.untilText('417 Expectation Failed')
  client.write('no chunk\r\n')
  client.socket.end()
  await client.closed
  assert.equal(client.text().split('HTTP/1.1').length, 2)
})
