import assert from 'node:assert/strict'
import { createServer, type ServerOptions } from 'node:https'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { startHttp2Backend } from '../forwarding/http2/http2-backend.ts'
import { listen } from '../health/helpers.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { exchange } from '../helpers/exchange.ts'
import { backendOf, collectEvents, type RawConfig } from '../helpers/gateway.ts'
import { assertLine, startLab } from '../helpers/lab.ts'
import { until } from '../helpers/until.ts'

let folder: string
let authority: Authority
let stranger: Authority
/** For the address that backends of tests have. */
let own: IssuedCertificate
/** For another name. */
let named: IssuedCertificate
let client: IssuedCertificate

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upstream-tls-'))
  authority = await createAuthority()
  stranger = await createAuthority('a stranger')
  own = await authority.issue(['localhost', '127.0.0.1'])
  named = await authority.issue(['orders.test'])
  client = await authority.issue(['gateway.test'])
  await file('ca.pem', authority.ca)
  await file('stranger.pem', stranger.ca)
  await file('client.pem', client.cert)
  await file('client.key', client.key)
})

after(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

function at(name: string): string {
  return join(folder, name)
}

/** A backend that answers with the name that its client asked for and what the client's certificate says. */
async function startTls(t: TestContext, options: ServerOptions): Promise<string> {
  const server = createServer(options, ({ socket }, response) => {
    const { servername } = socket as TLSSocket & { servername: string | false }
    const { subject } = (socket as TLSSocket).getPeerCertificate()
    response.end(`${servername || 'none'} ${String(subject?.CN ?? 'nobody')}`)
  })
  server.on('tlsClientError', () => {})
  const { port } = await listen(t, server)
  return `https://127.0.0.1:${port}`
}

for (const workers of [0, 2]) {
  test(`backends are verified, with ${workers} workers`, async (t) => {
    const url = await startTls(t, own)
    const other = await startTls(t, named)
    // With TLS 1.3 a refusal comes when the request is out already, and its reset may overtake the alert.
    const mutual = await startTls(t, {
      ...own,
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion: 'TLSv1.2'
    })
    const cases: readonly [what: string, backend: string, tls: RawConfig | undefined, answer: string][] = [
      ['by the usual authorities when nothing is said', url, undefined, 'tls_failed'],
      ['by an authority of its own', url, { ca: at('ca.pem') }, 'none nobody'],
      ['by text instead of a file', url, { ca: authority.ca }, 'none nobody'],
      ['not by another authority', url, { ca: at('stranger.pem') }, 'tls_failed'],
      ['not under another name', other, { ca: at('ca.pem') }, 'tls_failed'],
      [
        'under the name that is given',
        other,
        { ca: at('ca.pem'), servername: 'orders.test' },
        'orders.test nobody'
      ],
      ['not at all when that is wished', other, { verify: false }, 'none nobody'],
      ['and ask for a certificate in vain', mutual, { ca: at('ca.pem') }, 'tls_failed'],
      [
        'and ask for a certificate that is there',
        mutual,
        { ca: at('ca.pem'), cert: at('client.pem'), key: at('client.key') },
        'none gateway.test'
      ]
    ]
    for (const [what, backend, tls, expected] of cases) {
      await t.test(what, async (sub) => {
        const lab = await startLab(sub, { workers, backends: [backend], group: tls ? { tls } : {} })
        const answer = await exchange(`${lab.url}/`, { method: 'POST', body: 'x' })
        const isRefused = expected === 'tls_failed'
        assert.equal(answer.status, isRefused ? 502 : 200)
        if (!isRefused) assert.equal(answer.body, expected)
        const reason = isRefused ? 'tls_failed' : undefined
        // Worker threads write their log lines themselves.
        if (workers === 0) assertLine(await lab.nextLine(), { status: answer.status, reason })
        await lab.untilIdle()
      })
    }
  })
}

test('HTTP/2 is spoken over TLS with the same settings', async (t) => {
  const { url } = await startHttp2Backend(t, undefined, named)
  const tls = { ca: at('ca.pem'), servername: 'orders.test' }
  const lab = await startLab(t, { backends: [url], group: { protocol: 'h2', tls } })
  assert.equal((await exchange(`${lab.url}/`)).status, 200)
  const wrong = await startLab(t, { backends: [url], group: { protocol: 'h2', tls: { ca: at('ca.pem') } } })
  assert.equal((await exchange(`${wrong.url}/`)).status, 502)
  assertLine(await wrong.nextLine(), { reason: 'tls_failed' })
})

for (const protocol of ['http1', 'h2']) {
  test(`probes go by the group's TLS settings (${protocol})`, async (t) => {
    const url = protocol === 'h2' ? (await startHttp2Backend(t, undefined, own)).url : await startTls(t, own)
    const healthCheck = { interval: '100ms', unhealthyAfter: 1, healthyAfter: 1 }
    const group = { protocol, tls: { ca: at('stranger.pem') }, healthCheck }
    const lab = await startLab(t, { backends: [url], group })
    await until('it is ill', async () => backendOf(await lab.group('lab'), url).reason === 'tls_failed')
    await lab.write({
      upstreams: { lab: { backends: [url], ...group, tls: { ca: at('ca.pem') } } },
      routes: [{ path: '/', upstream: 'lab' }]
    })
    await lab.gateway.reload('admin')
    await until('it is well', async () => backendOf(await lab.group('lab'), url).health === 'healthy')
    assert.equal((await exchange(`${lab.url}/`)).status, 200)
  })
}

test('a file that has changed is taken by the next reload, one that is broken changes nothing', async (t) => {
  const url = await startTls(t, own)
  const ca = await file('moving.pem', stranger.ca)
  const lab = await startLab(t, { backends: [url], group: { tls: { ca } } })
  const reloads = collectEvents(lab.gateway, 'reload')
  const status = async (): Promise<number> => (await exchange(`${lab.url}/`)).status
  assert.equal(await status(), 502)
  await file('moving.pem', authority.ca)
  assert.equal(await status(), 502)
  assert.equal((await lab.gateway.reload('admin')).outcome, 'applied')
  assert.equal(await status(), 200)
  await file('moving.pem', 'no certificate')
  assert.equal((await lab.gateway.reload('admin')).outcome, 'failed')
  assert.match(
    reloads.at(-1)!.errors[0]!,
    /gateway\.yaml:\d+: upstreams\.lab\.tls\.ca: expected certificates in PEM$/
  )
  assert.equal(await status(), 200)
})

test('a gateway does not start with files that it can not use', async (t) => {
  for (const [tls, expected] of [
    [{ ca: at('none.pem') }, /upstreams\.lab\.tls\.ca: expected a readable PEM file, got ENOENT/],
    [{ ca: at('client.key') }, /upstreams\.lab\.tls\.ca: expected certificates in PEM/],
    [{ cert: client.cert, key: own.key }, /upstreams\.lab\.tls\.key: expected the key of the certificate/]
  ] as const) {
    await assert.rejects(startLab(t, { backends: ['https://127.0.0.1:1'], group: { tls } }), expected)
  }
})
