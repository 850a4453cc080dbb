import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { suite, test } from 'node:test'
import { addressBlocks } from '../../src/address-blocks.ts'
import { forwardedRequestHeaders, type RequestHeaderOptions } from '../../src/forwarding/request-headers.ts'
import { fields } from './fields.ts'

const OPTIONS: RequestHeaderOptions = { hostHeader: 'preserve', requestId: 'id-1' }
const ADDED = fields(
  'X-Forwarded-For: 192.0.2.7',
  'X-Forwarded-Proto: http',
  'X-Forwarded-Host: shop.test',
  'X-Request-Id: id-1',
  'Via: 1.1 xecureapi'
)

interface Client {
  readonly address?: string | undefined
  readonly encrypted?: boolean
  readonly version?: string
}

function messageOf(rawHeaders: string[], client: Client): IncomingMessage {
  const headers: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    headers[name] =
      headers[name] === undefined ? rawHeaders[index + 1]! : `${headers[name]}, ${rawHeaders[index + 1]!}`
  }
  const remoteAddress = 'address' in client ? client.address : '192.0.2.7'
  const socket = { remoteAddress, ...(client.encrypted && { encrypted: true }) }
  return { rawHeaders, headers, socket, httpVersion: client.version ?? '1.1' } as unknown as IncomingMessage
}

function forwarded(
  headers: string[],
  options: Partial<RequestHeaderOptions> = {},
  client: Client = {}
): string[] {
  return forwardedRequestHeaders(messageOf(headers, client), { ...OPTIONS, ...options })
}

/** All values of a field, in order. */
function valuesOf(flat: readonly string[], name: string): string[] {
  return flat.filter((_, index) => index % 2 === 1 && flat[index - 1]!.toLowerCase() === name)
}

const HOST = ['Host', 'shop.test']

suite('what goes on', () => {
  test("the client's fields keep their order, spelling and repetition, then come the gateway's own", () => {
    const headers = [...HOST, 'X-B', '1', 'cookie', 'a=1', 'x-b', '2', 'Authorization', 'Basic eA==']
    assert.deepEqual(forwarded(headers), [...headers, ...ADDED])
  })

  test('what concerns the connection of the client does not', () => {
    const headers = [
      ...HOST,
      ...fields(
        'Connection: keep-alive, X-Hop',
        'Keep-Alive: timeout=5',
        'Proxy-Authorization: Basic eA==',
        'Proxy-Connection: keep-alive',
        'Transfer-Encoding: chunked',
        'Upgrade: websocket',
        'HTTP2-Settings: AAMAAABk',
        'X-Hop: 1'
      )
    ]
    assert.deepEqual(forwarded(headers), [...HOST, ...ADDED])
  })

  test('naming a field of the gateway in Connection does not take it away', () => {
    const out = forwarded([...HOST, 'Connection', 'X-Forwarded-For, X-Request-Id, Via'])
    for (const name of ['x-forwarded-for', 'x-request-id', 'via']) assert.equal(valuesOf(out, name).length, 1)
  })

  test('TE goes on only to say that trailers are welcome', () => {
    assert.deepEqual(valuesOf(forwarded([...HOST, 'TE', 'gzip, trailers;q=0.5']), 'te'), ['trailers'])
    assert.deepEqual(valuesOf(forwarded([...HOST, 'TE', 'gzip']), 'te'), [])
    assert.deepEqual(valuesOf(forwarded([...HOST, 'TE', 'x-trailers']), 'te'), [])
  })

  test('Expect goes on only when the client waits for the backend', () => {
    const headers = [...HOST, 'Expect', '100-continue']
    assert.deepEqual(valuesOf(forwarded(headers), 'expect'), [])
    assert.deepEqual(valuesOf(forwarded(headers, { expectsContinue: true }), 'expect'), ['100-continue'])
  })
})

suite('Host', () => {
  test("is the client's, or left to the connection when the backend wants its own", () => {
    assert.deepEqual(valuesOf(forwarded(HOST), 'host'), ['shop.test'])
    const own = forwarded(HOST, { hostHeader: 'backend' })
    assert.deepEqual(valuesOf(own, 'host'), [])
    assert.deepEqual(valuesOf(own, 'x-forwarded-host'), ['shop.test'])
  })

  test('an HTTP/1.0 client may have none', () => {
    const out = forwarded([], {}, { version: '1.0' })
    assert.deepEqual(valuesOf(out, 'host'), [])
    assert.deepEqual(valuesOf(out, 'x-forwarded-host'), [])
    assert.deepEqual(valuesOf(out, 'via'), ['1.0 xecureapi'])
  })
})

suite('who the client is', () => {
  const claims = [
    ...HOST,
    ...fields(
      'X-Forwarded-For: 203.0.113.9',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: public.test',
      'X-Forwarded-Port: 443',
      'Forwarded: for=203.0.113.9'
    )
  ]

  test('is what its connection says; its own claims are dropped', () => {
    assert.deepEqual(forwarded(claims), [...HOST, ...ADDED])
  })

  test('is what a trusted proxy in front says, and the proxy after it', () => {
    const out = forwarded(claims, { trusted: addressBlocks(['192.0.2.0/24']) })
    assert.deepEqual(valuesOf(out, 'x-forwarded-for'), ['203.0.113.9, 192.0.2.7'])
    assert.deepEqual(valuesOf(out, 'x-forwarded-proto'), ['https'])
    assert.deepEqual(valuesOf(out, 'x-forwarded-host'), ['public.test'])
    assert.deepEqual(valuesOf(out, 'x-forwarded-port'), ['443'])
    assert.deepEqual(valuesOf(out, 'forwarded'), ['for=203.0.113.9'])
  })

  test('is not what somebody else than the trusted proxy says', () => {
    const out = forwarded(claims, { trusted: addressBlocks(['192.0.2.8']) })
    assert.deepEqual(valuesOf(out, 'x-forwarded-for'), ['192.0.2.7'])
  })

  test('an IPv4 client of a dual-stack listener has its IPv4 address', () => {
    const address = '::ffff:192.0.2.7'
    assert.deepEqual(valuesOf(forwarded(HOST, {}, { address }), 'x-forwarded-for'), ['192.0.2.7'])
    assert.deepEqual(valuesOf(forwarded(HOST, {}, { address: '2001:db8::1' }), 'x-forwarded-for'), [
      '2001:db8::1'
    ])
  })

  test('a client that is gone already is unknown', () => {
    assert.deepEqual(valuesOf(forwarded(HOST, {}, { address: undefined }), 'x-forwarded-for'), ['unknown'])
  })

  test('a client of a TLS listener came over https', () => {
    assert.deepEqual(valuesOf(forwarded(HOST, {}, { encrypted: true }), 'x-forwarded-proto'), ['https'])
  })

  test('Forwarded says the same on request, with IPv6 and ports in quotes', () => {
    const options = { forwardedHeader: true }
    assert.deepEqual(valuesOf(forwarded(HOST, options), 'forwarded'), [
      'for=192.0.2.7;proto=http;host=shop.test'
    ])
    const six = forwarded(['Host', 'shop.test:8080'], options, { address: '2001:db8::1' })
    assert.deepEqual(valuesOf(six, 'forwarded'), ['for="[2001:db8::1]";proto=http;host="shop.test:8080"'])
  })
})

suite("the gateway's own cookie", () => {
  const token = 'x'.repeat(22)
  const cookie = `a=1; xgw=${token}`

  test('ends here where a group keeps sessions; other cookies go on', () => {
    const options = { sessionCookie: 'xgw' }
    assert.deepEqual(valuesOf(forwarded([...HOST, 'Cookie', cookie], options), 'cookie'), ['a=1'])
    assert.deepEqual(valuesOf(forwarded([...HOST, 'Cookie', `xgw=${token}`], options), 'cookie'), [])
  })

  test('that is empty goes on as it came', () => {
    assert.deepEqual(valuesOf(forwarded([...HOST, 'Cookie', '']), 'cookie'), [''])
  })

  test('is a cookie like any other where a group keeps none', () => {
    assert.deepEqual(valuesOf(forwarded([...HOST, 'Cookie', cookie]), 'cookie'), [cookie])
  })
})

suite('Via and X-Request-Id', () => {
  test('the gateway comes after those who passed it on before', () => {
    assert.deepEqual(valuesOf(forwarded([...HOST, 'Via', '1.1 cdn']), 'via'), ['1.1 cdn', '1.1 xecureapi'])
  })

  test("the request's id replaces whatever the client sent", () => {
    assert.deepEqual(valuesOf(forwarded([...HOST, 'x-request-id', 'bad one']), 'x-request-id'), ['id-1'])
  })
})

suite('changes of the route', () => {
  test('what it sets replaces, what it removes is gone', () => {
    const changes = { set: { 'x-shop': 'eu' }, remove: ['cookie'] }
    const out = forwarded([...HOST, 'X-Shop', 'us', 'Cookie', 'a=1', 'X-Other', '1'], { changes })
    assert.deepEqual(valuesOf(out, 'x-shop'), ['eu'])
    assert.deepEqual(valuesOf(out, 'cookie'), [])
    assert.deepEqual(valuesOf(out, 'x-other'), ['1'])
  })

  test('hold for what the gateway itself would say as well', () => {
    const changes = { set: { 'x-forwarded-proto': 'https' }, remove: ['x-forwarded-for'] }
    const out = forwarded(HOST, { changes })
    assert.deepEqual(valuesOf(out, 'x-forwarded-proto'), ['https'])
    assert.deepEqual(valuesOf(out, 'x-forwarded-for'), [])
  })
})
