import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwarded, OK, request, response, returned, startWire } from './wire.ts'

/** Odd, and valid. */
const FIELDS =
  'x-B: 1\r\nX-a: \r\nCookie: a=1\r\ncookie: b=2\r\nVIA: 1.0 p\r\nvia: 1.1 q (c)\r\nX-Obs: \xe9\xff\x80\r\n' +
  'x-b: 2\r\nUser-Agent: u\r\nuser-agent: v\r\nconstructor: 1\r\n__proto__: 2\r\n!#$%&\'*+-.^_`|~9: "a, b";\r\n' +
  'Authorization: Basic eA==\r\nETag: W/"\\x"\r\nX-Long: ' +
  `${'x'.repeat(8000)}\r\n`

test('fields of a request keep their case, order, repetition and bytes', async (t) => {
  const wire = await startWire(t)
  const { received, answer } = await wire.exchange(request('GET /x', FIELDS))
  assert.equal(received, forwarded('GET /x', FIELDS))
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
})

test('fields of a response keep their case, order, repetition and bytes', async (t) => {
  const wire = await startWire(t)
  const fields = `Set-Cookie: a=1\r\nServer: s\r\nset-cookie: b=2\r\n${FIELDS}Content-Length: 0\r\nSET-COOKIE: c=\r\n`
  const { answer } = await wire.exchange(request('GET /x'), response('200 OK', fields))
  assert.equal(answer, returned('200 OK', fields))
})

test('the status and its phrase reach the client as they came', async (t) => {
  const wire = await startWire(t)
  for (const line of ['200 Fine', '299 Odd  caf\xe9\t(phrase)', '599 ', '404 Not Found', '999 Far out']) {
    const { answer } = await wire.exchange(request('GET /x'), response(line, 'Content-Length: 0\r\n'))
    assert.equal(answer, returned(line, 'Content-Length: 0\r\n'))
  }
})

test('white space around a value is no part of it', async (t) => {
  const wire = await startWire(t)
  const spaced = 'A:b\r\nC: \t d  e \t \r\n'
  const plain = 'A: b\r\nC: d  e\r\n'
  const { received, answer } = await wire.exchange(
    request('GET /x', spaced),
    response('200 OK', `${spaced}Content-Length: 0\r\n`)
  )
  assert.equal(received, forwarded('GET /x', plain))
  assert.equal(answer, returned('200 OK', `${plain}Content-Length: 0\r\n`))
})

test('a response without Date gets one (RFC 9110 section 6.6.1)', async (t) => {
  const wire = await startWire(t)
  const { answer } = await wire.exchange(request('GET /x'), 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  assert.match(answer, /^Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r$/m)
})

test('hop-by-hop fields of the client end here', async (t) => {
  const wire = await startWire(t)
  const bytes = [
    'GET /x HTTP/1.1',
    'Host: a',
    'X-Request-Id: t',
    'Connection: close , X-Hop,,"odd"',
    'connection: x-HOP2,TE',
    'x-hop: 1',
    'X-Hop2: 1',
    'x-hop: 2',
    'Keep-Alive: timeout=7',
    'Proxy-Authenticate: Basic',
    'Proxy-Authorization: Basic eA==',
    'Proxy-Authentication-Info: x',
    'Proxy-Connection: keep-alive',
    'Trailer: X-Sum',
    'Upgrade: websocket',
    'X-Kept: y'
  ]
  const { received } = await wire.exchange(`${bytes.join('\r\n')}\r\n\r\n`)
  assert.equal(received, forwarded('GET /x', 'Trailer: X-Sum\r\nX-Kept: y\r\n'))
})

test('hop-by-hop fields of the backend end here', async (t) => {
  const wire = await startWire(t)
  const fields = [
    'Connection: close , X-Hop',
    'connection: x-HOP2',
    'x-hop: 1',
    'X-Hop2: 1',
    'Keep-Alive: timeout=7',
    'Proxy-Authenticate: Basic',
    'Proxy-Authentication-Info: x',
    'Proxy-Connection: close',
    'Upgrade: websocket',
    'TE: x',
    'X-Kept: y'
  ]
  const bytes = response('200 OK', `${fields.join('\r\n')}\r\nContent-Length: 2\r\n`, 'ok')
  const { answer } = await wire.exchange(request('GET /x'), bytes)
  assert.equal(answer, returned('200 OK', 'X-Kept: y\r\nContent-Length: 2\r\n', '', 'ok'))
})

test('a backend that closes its connection does not close the client’s', async (t) => {
  const wire = await startWire(t)
  const client = await wire.client(response('200 OK', 'Connection: close\r\nContent-Length: 2\r\n', 'ok'))
  for (const path of ['/1', '/2']) {
    client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    await (await wire.backend.connection(Number(path.slice(1)) - 1)).untilReceived(path)
  }
  await client.untilText('ok')
  assert.match(client.text(), /^connection: keep-alive\r$/im)
})

test('Connection can’t take away what says where a message goes, or where it ends', async (t) => {
  const wire = await startWire(t)
  const named = 'Connection: host, content-length, Expect\r\n'
  const fields = 'Expect: 100-continue\r\nContent-Length: 5\r\n'
  const { received, answer } = await wire.exchange(
    request('POST /x', named + fields, 'hello'),
    response('200 OK', 'Connection: content-length\r\nContent-Length: 2\r\n', 'ok')
  )
  assert.equal(received, forwarded('POST /x', fields, '', 'hello'))
  assert.equal(answer, returned('200 OK', 'Content-Length: 2\r\n', '', 'ok'))
})

test('TE goes on to say that trailers may come, and nothing else', async (t) => {
  const wire = await startWire(t)
  for (const [te, seen] of [
    ['trailers', 'TE: trailers\r\n'],
    ['gzip;q=0.5, Trailers;q=0.3', 'TE: trailers\r\n'],
    ['gzip', ''],
    ['x-trailers', ''],
    ['', '']
  ]) {
    const { received } = await wire.exchange(request('GET /x', `TE: ${te}\r\nX: y\r\n`))
    assert.equal(received, forwarded('GET /x', `X: y\r\n${seen}`))
  }
})

test('an Upgrade that can’t be is dropped, with its settings, and the request answered', async (t) => {
  const wire = await startWire(t)
  const upgrade = (protocols: string): string =>
    `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocols}\r\nHTTP2-Settings: AAMAAABk\r\n`
  for (const bytes of [
    request('GET /x', upgrade('h2c')),
    request('GET /x', upgrade('H2C')),
    request('GET /x', upgrade('websocket, h2c')),
    request('GET /x', upgrade('h2c/1 , websocket')),
    request('GET /x', `Upgrade: websocket\r\n${upgrade('h2c')}`)
  ]) {
    const { received, answer } = await wire.exchange(bytes)
    assert.equal(received, forwarded('GET /x'))
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  }
  const body = 'Content-Length: 5\r\n'
  const posted = await wire.exchange(request('POST /x', upgrade('websocket') + body, 'hello'), OK)
  assert.equal(posted.received, forwarded('POST /x', body, '', 'hello'))
  const old = request('GET /x', upgrade('websocket')).replace('HTTP/1.1', 'HTTP/1.0')
  assert.equal((await wire.exchange(old)).received, forwarded('GET /x').replace('Via: 1.1', 'Via: 1.0'))
})
