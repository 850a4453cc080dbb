import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startGateway } from '../../helpers/gateway.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import { startStrictOrigin } from './generate/strict-origin.ts'

for (const type of ['text/plain', 'text/event-stream']) {
  for (const pause of [0, 100]) {
    test(`bytes beyond ASCII in a header stay as they are: ${type}, its body ${pause} ms later`, async (t) => {
      const origin = await startStrictOrigin(t, async (_arrival, socket) => {
        socket.write(`HTTP/1.1 200 caf\xe9\r\nX-Name: \x80\xe9\xff\r\nContent-Type: ${type}\r\n`, 'latin1')
        socket.write('Transfer-Encoding: chunked\r\n\r\n')
        if (pause > 0) await delay(pause)
        socket.write('4\r\nbody\r\n0\r\n\r\n')
      })
      const { url } = await startGateway(t, {
        upstreams: { origin: { backends: [origin.url] } },
        routes: [{ path: '/', upstream: 'origin' }]
      })
      const client = await rawClient(t, url)
      client.write('GET / HTTP/1.1\r\nHost: a\r\nX-Name: \x80\xe9\xff\r\n\r\n')
      await client.untilText('0\r\n\r\n')
      assert.match(client.text(), /^HTTP\/1\.1 200 caf\xe9\r\nX-Name: \x80\xe9\xff\r\n/)
      const { fields } = origin.arrival(0).request
      assert.equal(fields[fields.indexOf('X-Name') + 1], '\x80\xe9\xff')
    })
  }
}

test('bytes beyond ASCII stay as they are beside a field that makes Node send the head at once', async (t) => {
  const origin = await startStrictOrigin(t, async (_arrival, socket) => {
    socket.write('HTTP/1.1 200 caf\xe9\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok', 'latin1')
  })
  const { url } = await startGateway(t, {
    upstreams: { origin: { backends: [origin.url] } },
    routes: [{ path: '/', upstream: 'origin' }]
  })
  const client = await rawClient(t, url)
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.untilText('\r\n\r\nok')
  assert.match(client.text(), /^HTTP\/1\.1 200 caf\xe9\r\nExpect: 100-continue\r\n/)
})
