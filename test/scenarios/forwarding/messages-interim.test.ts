import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { withoutTraceIds } from '../../helpers/trace-field.ts'
import { forwarded, OK, request, response, returned, startWire } from './wire.ts'

const EXPECT = 'Expect: 100-continue\r\nContent-Length: 5\r\n'
const OK_RETURNED = returned('200 OK', 'Content-Length: 2\r\n', '', 'ok')

test('100-continue goes end to end: the body waits for the backend’s 100', async (t) => {
  const wire = await startWire(t)
  const client = await wire.client(() => {})
  client.write(request('POST /x', EXPECT))
  const backend = await wire.backend.connection(0)
  await backend.untilReceived('\r\n\r\n')
  assert.equal(withoutTraceIds(backend.received()), forwarded('POST /x', EXPECT))
  // Nobody else has said 100.
  await delay(50)
  assert.equal(client.text(), '')
  backend.send('HTTP/1.1 100 Go on\r\nX-Early: caf\xe9\r\n\r\n')
  await client.untilText('\r\n\r\n')
  assert.equal(client.text(), 'HTTP/1.1 100 Go on\r\nX-Early: caf\xe9\r\n\r\n')
  client.write('hello')
  await backend.untilReceived('hello')
  backend.send(OK)
  await client.closed
  assert.ok(client.text().endsWith(OK_RETURNED))
})

for (const line of ['417 Expectation Failed', '401 Unauthorized', '200 OK']) {
  test(`a backend that answers ${line} in place of 100 is passed on at once, and the body is not asked for`, async (t) => {
    const wire = await startWire(t)
    const client = await wire.client((connection) =>
      connection.send(response(line, 'Content-Length: 2\r\n', 'no'))
    )
    // The connection ends all the same: the client may send the body, or may not.
    client.write(`POST /x HTTP/1.1\r\nHost: a\r\nX-Request-Id: t\r\n${EXPECT}\r\n`)
    await client.closed
    assert.equal(client.text(), returned(line, 'Content-Length: 2\r\n', '', 'no'))
    assert.equal(withoutTraceIds(wire.backend.connections[0]!.received()), forwarded('POST /x', EXPECT))
  })
}

test('a backend that knows no 100 gets the body of a client that did not want to wait', async (t) => {
  const wire = await startWire(t)
  const { received, answer } = await wire.exchange(request('POST /x', EXPECT, 'hello'))
  assert.equal(received, forwarded('POST /x', EXPECT, '', 'hello'))
  assert.equal(answer, OK_RETURNED)
})

test('what the gateway refuses by itself is refused without a 100', async (t) => {
  const wire = await startWire(t, { routes: [{ path: '/x' }] })
  for (const [target, status] of [
    ['/y', 404],
    ['/x/..', 400]
  ]) {
    const { received, answer } = await wire.exchange(request(`POST ${target}`, EXPECT))
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(received, '')
  }
})

test('an expectation that nobody knows is 417 and reaches no backend', async (t) => {
  const wire = await startWire(t)
  const { received, answer } = await wire.exchange(request('GET /x', 'Expect: 200-ok\r\n'))
  assert.match(answer, /^HTTP\/1\.1 417 Expectation Failed\r\n/)
  assert.equal(received, '')
})

test('a 100 that nobody has asked for is kept from the client, the response is not', async (t) => {
  const wire = await startWire(t)
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n'
  for (const bytes of [request('GET /x'), request('POST /x', 'Content-Length: 5\r\n', 'hello')]) {
    assert.equal((await wire.exchange(bytes, interim + OK)).answer, OK_RETURNED)
  }
})

test('102 and 103 reach the client as they came, before the response', async (t) => {
  const wire = await startWire(t)
  const interim =
    'HTTP/1.1 102 Processing\r\n\r\n' +
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nlink: </b\xe9>\r\n\r\n' +
    'HTTP/1.1 103 \r\nX-a: 1\r\nX-A:\r\n\r\n'
  const { answer } = await wire.exchange(request('GET /x'), interim + OK)
  assert.equal(answer, interim.replace('X-A:', 'X-A: ') + OK_RETURNED)
})

test('a 103 comes at once, not with the response', async (t) => {
  const wire = await startWire(t)
  const client = await wire.client(({ send }) => send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'))
  client.write(request('GET /x'))
  await client.untilText('103 Early Hints\r\nLink: </a>\r\n\r\n')
  wire.backend.connections[0]!.send(OK)
  await client.closed
})

test('an interim response loses what ends at this hop and what the route removes', async (t) => {
  const headers = { response: { set: { server: 'shop' }, remove: ['x-internal'] } }
  const wire = await startWire(t, { routes: [{ path: '/', headers }] })
  const fields = [
    'Connection: X-Hop',
    'X-Hop: 1',
    'Keep-Alive: timeout=5',
    'X-Internal: 1',
    'Server: x',
    'Link: </a>'
  ]
  const interim = `HTTP/1.1 103 Early Hints\r\n${fields.join('\r\n')}\r\n\r\n`
  const { answer } = await wire.exchange(request('GET /x'), interim + OK)
  assert.ok(answer.startsWith('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n'), answer)
})
