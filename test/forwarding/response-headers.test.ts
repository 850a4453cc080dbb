import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  forwardedResponseHeaders,
  type ResponseHeaderOptions
} from '../../src/forwarding/response-headers.ts'
import { fields } from './fields.ts'

interface Given extends Partial<Omit<ResponseHeaderOptions, 'own'>> {
  readonly own?: Partial<ResponseHeaderOptions['own']>
}

function forwarded(headers: string[], { own, ...more }: Given = {}): string[] {
  const hooks = (own ?? {}) as ResponseHeaderOptions['own']
  const out = forwardedResponseHeaders(headers, { own: hooks, requestId: 'id-1', ...more })
  assert.deepEqual(out.slice(-2), ['X-Request-Id', 'id-1'])
  return out.slice(0, -2)
}

test("the backend's fields keep their order, spelling and repetition", () => {
  const headers = ['X-B', '1', 'set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'x-a', 'ü']
  assert.deepEqual(forwarded(headers), headers)
})

test('what concerns the connection to the backend does not go on', () => {
  const headers = fields(
    'Connection: close, X-Internal',
    'Keep-Alive: timeout=5',
    'X-Internal: secret',
    'Transfer-Encoding: chunked',
    'Proxy-Authenticate: Basic',
    'Content-Type: text/plain'
  )
  assert.deepEqual(forwarded(headers), ['Content-Type', 'text/plain'])
})

test('what hooks have set replaces what the backend says', () => {
  const own = { 'cache-control': 'no-store', 'set-cookie': ['a=1', 'b=2'], 'x-count': 3 }
  assert.deepEqual(
    forwarded(['Cache-Control', 'public', 'Set-Cookie', 'x=9', 'X-Other', '1'], { own }),
    fields('X-Other: 1', 'cache-control: no-store', 'set-cookie: a=1', 'set-cookie: b=2', 'x-count: 3')
  )
})

test("a backend's request id is replaced by the gateway's, and there is only one", () => {
  assert.deepEqual(forwarded(['X-REQUEST-ID', 'theirs']), [])
  assert.deepEqual(forwarded(['X-Request-Id', 'theirs'], { own: { 'x-request-id': 'a hook’s' } }), [])
})

test('a field with the name of a property that every object has goes on', () => {
  const headers = ['Constructor', '1', 'toString', '2', '__proto__', '3']
  assert.deepEqual(forwarded(headers), headers)
})

test('what the route sets replaces, what it removes is gone', () => {
  const changes = { set: { server: 'shop' }, remove: ['x-powered-by'] }
  const headers = ['Server', 'nginx', 'X-Powered-By', 'PHP', 'X-Other', '1']
  assert.deepEqual(forwarded(headers, { changes }), ['X-Other', '1', 'server', 'shop'])
})

test('addresses and cookie paths become public ones', () => {
  const mapping = {
    publicPrefix: '/api/products',
    backendPrefix: '/products',
    backendOrigin: 'http://10.0.0.1:3001',
    publicHost: 'shop.test'
  }
  const headers = fields(
    'Location: http://10.0.0.1:3001/products/7?x=1',
    'Content-Location: /products',
    'Set-Cookie: a=1; Path=/products; HttpOnly',
    'Link: </products>'
  )
  assert.deepEqual(
    forwarded(headers, { mapping }),
    fields(
      'Location: /api/products/7?x=1',
      'Content-Location: /api/products',
      'Set-Cookie: a=1; Path=/api/products; HttpOnly',
      'Link: </products>'
    )
  )
})

test("a session's cookie stands beside the backend's, whatever else hooks and the route say of cookies", () => {
  const headers = ['Set-Cookie', 'a=1', 'X-Other', '1']
  const sessionCookie = 'xgw=token; Path=/'
  assert.deepEqual(
    forwarded(headers, { sessionCookie }),
    fields('Set-Cookie: a=1', 'X-Other: 1', 'Set-Cookie: xgw=token; Path=/')
  )
  const own = { 'set-cookie': ['b=2'] }
  const changes = { set: {}, remove: ['set-cookie'] }
  assert.deepEqual(
    forwarded(headers, { sessionCookie, own, changes }),
    fields('X-Other: 1', 'set-cookie: b=2', 'Set-Cookie: xgw=token; Path=/')
  )
})

test('load reports are taken out, and read when somebody takes them', () => {
  const headers = fields(
    'Endpoint-Load-Metrics: TEXT cpu_utilization=0.3',
    'X-Other: 1',
    'endpoint-load-metrics-bin: CQ=='
  )
  const reports: number[] = []
  const reporter = { report: (utilization: number) => void reports.push(utilization) }
  assert.deepEqual(forwarded(headers, { reporter }), fields('X-Other: 1'))
  assert.deepEqual(forwarded(headers), fields('X-Other: 1'))
  assert.deepEqual(reports, [0.3])
})
