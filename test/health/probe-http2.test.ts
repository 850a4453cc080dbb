import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { before, test } from 'node:test'
import type { HealthCheckConfig } from '../../src/config/types.ts'
import { probeHttp } from '../../src/health/probe-http.ts'
import { probeHttp2 } from '../../src/health/probe-http2.ts'
import { startHttp2Backend } from '../forwarding/http2/http2-backend.ts'
import { startFrameBackend } from '../forwarding/http2/frame-backend.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { until } from '../helpers/until.ts'
import { checkOf, listen } from './helpers.ts'

const { signal } = new AbortController()
const failed = (reason: string) => ({ ok: false, reason })

let authority: Authority
let own: IssuedCertificate

before(async () => {
  authority = await createAuthority()
  own = await authority.issue(['backend.test'])
})

async function probe(url: string, overrides: Partial<HealthCheckConfig> = {}) {
  return await probeHttp2(url, checkOf(overrides), signal)
}

test('a status in the expected ranges passes, another fails, and the connection is closed', async (t) => {
  const backend = await startHttp2Backend(t, (stream, { ':path': path }) => {
    stream.respond({ ':status': path === '/ill' ? 503 : 204 }, { endStream: true })
  })
  assert.deepEqual(await probe(backend.url), { ok: true })
  assert.deepEqual(await probe(backend.url, { path: '/ill' }), failed('status_503'))
  await until('no session is left', () => backend.sessions.size === 0)
  assert.equal(backend.opened.sessions, 2)
})

test('a probe says who it is and for whom, and what is configured', async (t) => {
  let raw: readonly string[] = []
  const backend = await startHttp2Backend(t, (stream, _headers, fields) => {
    raw = fields
    stream.respond({ ':status': 200 }, { endStream: true })
  })
  await probe(backend.url, { method: 'HEAD', path: '/a?b', headers: { 'X-Probe': 'yes', Host: 'shop.test' } })
  assert.deepEqual(raw, [
    ':method',
    'HEAD',
    ':scheme',
    'http',
    ':authority',
    'shop.test',
    ':path',
    '/a?b',
    'user-agent',
    'xecureapi-health-check',
    'x-probe',
    'yes'
  ])
  await probe(backend.url)
  assert.equal(raw[5], new URL(backend.url).host)
})

test('another port may be probed, under the authority of the backend', async (t) => {
  let seen: string | undefined
  const backend = await startHttp2Backend(t, (stream, { ':authority': authority }) => {
    seen = authority as string
    stream.respond({ ':status': 200 }, { endStream: true })
  })
  const port = Number(new URL(backend.url).port)
  assert.deepEqual(await probe('http://127.0.0.1:1', { port }), { ok: true })
  assert.equal(seen, '127.0.0.1:1')
})

test('a body must contain the expected text, within its first 64 KiB', async (t) => {
  const bodies: Record<string, string> = {
    '/good': 'all is well',
    '/other': 'all is bad',
    '/late': `${'x'.repeat(65_536)}well`,
    '/empty': ''
  }
  const backend = await startHttp2Backend(t, (stream, { ':path': path }) => {
    stream.respond({ ':status': 200 })
    stream.end(bodies[path as string])
  })
  const expect = { status: [{ from: 200, to: 200 }], body: 'well' }
  for (const path of Object.keys(bodies)) {
    const result = path === '/good' ? { ok: true } : failed('body_mismatch')
    assert.deepEqual(await probe(backend.url, { path, expect }), result, path)
  }
})

test('a backend that is away, hangs, resets, or speaks HTTP/1.1 has failed, each with its reason', async (t) => {
  assert.deepEqual(await probe(await closedPort()), failed('connect_refused'))
  const silent = await startFrameBackend(t, { settings: undefined })
  assert.deepEqual(await probe(silent.url, { timeout: 50 }), failed('timeout'))
  await (await silent.connection(0)).untilClosed()
  const never = await startHttp2Backend(t, () => {})
  assert.deepEqual(await probe(never.url, { timeout: 200 }), failed('timeout'))
  await until('no session is left', () => never.sessions.size === 0)
  const reset = await startHttp2Backend(t, (stream) => stream.close(2))
  assert.deepEqual(await probe(reset.url), failed('reset'))
  const { port } = await listen(t, createServer())
  assert.deepEqual(await probe(`http://127.0.0.1:${port}`), failed('protocol_error'))
})

test('a probe that is aborted finds nothing', async (t) => {
  const never = await startHttp2Backend(t, () => {})
  const stop = new AbortController()
  const probing = probeHttp2(never.url, checkOf(), stop.signal)
  await until('it came', () => never.streams.size === 1)
  stop.abort(new Error('stopped'))
  await assert.rejects(probing, /stopped/)
  await until('no session is left', () => never.sessions.size === 0)
})

for (const protocol of ['h2', 'http1'] as const) {
  test(`over TLS, the backend is verified as the group says (${protocol})`, async (t) => {
    const run = protocol === 'h2' ? probeHttp2 : probeHttp
    const backend = await startHttp2Backend(t, undefined, own)
    const { port } = await listen(
      t,
      createSecureServer(own, (_request, response) => response.end())
    )
    const url = protocol === 'h2' ? backend.url : `https://127.0.0.1:${port}`
    const { ca } = authority
    for (const [tls, result] of [
      [undefined, failed('tls_failed')],
      [{ verify: true, ca }, failed('tls_failed')],
      [{ verify: true, servername: 'backend.test' }, failed('tls_failed')],
      [{ verify: true, ca, servername: 'backend.test' }, { ok: true }],
      [{ verify: false }, { ok: true }]
    ] as const) {
      const transport = { protocol, ...(tls && { tls }) }
      assert.deepEqual(
        await run(url, checkOf(), signal, transport),
        result,
        JSON.stringify(Object.keys(tls ?? {}))
      )
    }
  })
}
