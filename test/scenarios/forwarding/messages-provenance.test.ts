import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OK, request, response, returned, startWire, type Wire } from './wire.ts'

/** What a client, or a proxy in front, may say of where a request comes from. */
const CLAIMS = {
  'X-Forwarded-For': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'X-Forwarded-Host': 'shop.example',
  'X-Forwarded-Port': '443',
  Forwarded: 'for=203.0.113.9;proto=https'
}
const CLAIM_LINES = Object.entries(CLAIMS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')

/** The fields with these names that the backend got, as they were written. */
async function seen(wire: Wire, bytes: string, names: RegExp): Promise<string[]> {
  const { received } = await wire.exchange(bytes)
  return received.split('\r\n').filter((line) => names.test(line))
}

const X_FORWARDED = /^x[-_]forwarded|^forwarded:/i

test('what a stranger says of itself is replaced by what its connection says', async (t) => {
  const wire = await startWire(t)
  const disguised =
    'X_Forwarded_For: 203.0.113.9\r\nx-forwarded_proto: https\r\nX-Forwarded-Prefix: /admin\r\n'
  for (const claims of ['', CLAIM_LINES, CLAIM_LINES + CLAIM_LINES, disguised]) {
    assert.deepEqual(await seen(wire, request('GET /x', claims), X_FORWARDED), [
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: a'
    ])
  }
})

test('what a trusted proxy says is kept, and the proxy appended', async (t) => {
  const wire = await startWire(t, { server: { trustProxy: ['10.0.0.0/8', '127.0.0.0/8'] } })
  const twice = `${CLAIM_LINES}X-Forwarded-For: 198.51.100.7\r\n`
  for (const [claims, addresses] of [
    [CLAIM_LINES, '203.0.113.9, 127.0.0.1'],
    [twice, '203.0.113.9, 198.51.100.7, 127.0.0.1']
  ] as const) {
    assert.deepEqual((await seen(wire, request('GET /x', claims), X_FORWARDED)).sort(), [
      'Forwarded: for=203.0.113.9;proto=https',
      `X-Forwarded-For: ${addresses}`,
      'X-Forwarded-Host: shop.example',
      'X-Forwarded-Port: 443',
      'X-Forwarded-Proto: https'
    ])
  }
  assert.deepEqual(await seen(wire, request('GET /x'), X_FORWARDED), [
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: a'
  ])
})

test('a proxy that is not the trusted one is a stranger', async (t) => {
  const wire = await startWire(t, { server: { trustProxy: ['10.0.0.0/8', '::1'] } })
  const [address] = await seen(wire, request('GET /x', CLAIM_LINES), X_FORWARDED)
  assert.equal(address, 'X-Forwarded-For: 127.0.0.1')
})

test('Forwarded is sent to groups that want it (RFC 7239)', async (t) => {
  const group = { forwardedHeader: true }
  const strange = await startWire(t, { group })
  assert.deepEqual(await seen(strange, request('GET /x', CLAIM_LINES), /^forwarded/i), [
    'Forwarded: for=127.0.0.1;proto=http;host=a'
  ])
  const trusting = await startWire(t, { group, server: { trustProxy: ['127.0.0.1'] } })
  assert.deepEqual(await seen(trusting, request('GET /x', CLAIM_LINES), /^forwarded/i), [
    'Forwarded: for=203.0.113.9;proto=https',
    'Forwarded: for=127.0.0.1;proto=https;host=a'
  ])
})

test('a Host can’t add to Forwarded what is not so', async (t) => {
  const wire = await startWire(t, { group: { forwardedHeader: true } })
  for (const [host, value] of [
    ['shop.example:8080', '"shop.example:8080"'],
    ['[::1]:80', '"[::1]:80"'],
    ['a;for=192.0.2.1', '"a;for=192.0.2.1"'],
    ['a,for=192.0.2.1', '"a,for=192.0.2.1"']
  ]) {
    const bytes = request('GET /x').replace('Host: a', `Host: ${host}`)
    assert.deepEqual(await seen(wire, bytes, /^forwarded/i), [
      `Forwarded: for=127.0.0.1;proto=http;host=${value}`
    ])
  }
})

test('Via says by which version the request came, after those before', async (t) => {
  const wire = await startWire(t)
  const via = 'VIA: 1.0 first\r\nVia: 1.1 second, 2 third\r\n'
  for (const version of ['1.0', '1.1']) {
    const bytes = request('GET /x', via).replace('HTTP/1.1', `HTTP/${version}`)
    assert.deepEqual(await seen(wire, bytes, /^via:/i), [
      'VIA: 1.0 first',
      'Via: 1.1 second, 2 third',
      `Via: ${version} xecureapi`
    ])
  }
})

test('a plain X-Request-Id is kept; any other, or one of several, is replaced on both sides', async (t) => {
  const wire = await startWire(t)
  const line = /^x-request-id: (.*)$/gim
  for (const [sent, isKept] of [
    ['a.b_c-7', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['a b', false],
    ['a/b', false],
    ['caf\xe9', false],
    ['', false],
    ['a\r\nX-Request-Id: b', false]
  ] as const) {
    const bytes = `GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: ${sent}\r\n\r\n`
    const { received, answer } = await wire.exchange(
      bytes,
      response('200 OK', 'X-Request-Id: backend\r\nContent-Length: 0\r\n')
    )
    const ids = [received, answer].map((text) => [...text.matchAll(line)].map(([, id]) => id!.trim()))
    assert.equal(ids[0]!.length, 1)
    assert.deepEqual(ids[0], ids[1])
    assert.match(ids[0]![0]!, /^[A-Za-z0-9._-]{1,128}$/)
    assert.equal(ids[0]![0] === sent, isKept, sent)
  }
})

test('a route sets and removes fields of requests', async (t) => {
  const headers = {
    request: { set: { 'X-Shop': 'eu', host: 'inner.example' }, remove: ['Cookie', 'x-forwarded-port'] }
  }
  const wire = await startWire(t, { routes: [{ path: '/', headers }] })
  const bytes = request('GET /x', 'x-shop: us\r\nCOOKIE: a=1\r\ncookie: b=2\r\nX-Shop: ca\r\nX-Kept: 1\r\n')
  const lines = await seen(wire, bytes, /^(?:x-shop|cookie|x-kept|host):/i)
  assert.deepEqual(lines.map((field) => field.toLowerCase()).sort(), [
    'host: inner.example',
    'x-kept: 1',
    'x-shop: eu'
  ])
})

test('a route sets and removes fields of responses', async (t) => {
  const headers = { response: { set: { Server: 'shop' }, remove: ['X-Powered-By', 'set-cookie'] } }
  const wire = await startWire(t, { routes: [{ path: '/', headers }] })
  const fields = 'server: nginx\r\nSERVER: two\r\nx-powered-by: PHP\r\nSet-Cookie: a=1\r\nset-cookie: b\r\n'
  const { answer } = await wire.exchange(
    request('GET /x'),
    response('200 OK', `${fields}X-Kept: 1\r\nContent-Length: 2\r\n`, 'ok')
  )
  assert.equal(answer, returned('200 OK', 'X-Kept: 1\r\nContent-Length: 2\r\nserver: shop\r\n', '', 'ok'))
})

test('a backend that wants its own Host gets it, and the client’s beside it', async (t) => {
  const wire = await startWire(t, { group: { hostHeader: 'backend' } })
  const { received } = await wire.exchange(request('GET /x'), OK)
  assert.match(received, new RegExp(`^GET /x HTTP/1\\.1\r\nHost: ${new URL(wire.backend.url).host}\r\n`))
  assert.match(received, /^X-Forwarded-Host: a\r$/m)
})
