import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { startBackend } from '../helpers/backend.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { type RawConfig, startGateway, type TestGateway } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { exchangeHttp2, http2Client } from '../helpers/http2-client.ts'
import { runTool } from '../helpers/run-tool.ts'
import { fingerprintOf, sClient } from '../helpers/secure-client.ts'
import { tlsClient } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'
import { startWebSocketBackend } from '../helpers/web-socket-backend.ts'

const GET = 'GET /fast HTTP/1.1\r\nHost: localhost\r\n\r\n'

let authority: Authority
let first: IssuedCertificate
let exact: IssuedCertificate
let wild: IssuedCertificate
/** For the tools: the authority's certificate. */
let caFile: string
let folder: string

before(async () => {
  authority = await createAuthority()
  ;[first, exact, wild] = await Promise.all([
    authority.issue(['localhost', '127.0.0.1']),
    authority.issue(['www.shop.example']),
    authority.issue(['*.shop.example'])
  ])
  folder = await mkdtemp(join(tmpdir(), 'tls-'))
  caFile = join(folder, 'ca.pem')
  await writeFile(caFile, authority.ca)
})

after(() => rm(folder, { recursive: true, force: true }))

/** Groups at paths of their names. */
function configOf(groups: Record<string, string>, server: RawConfig = {}): RawConfig {
  return {
    server: { tls: { certificates: [first, wild, exact] }, ...server },
    upstreams: Object.fromEntries(Object.entries(groups).map(([name, url]) => [name, { backends: [url] }])),
    routes: Object.keys(groups).map((upstream) => ({ path: `/${upstream}`, upstream, rewrite: '/' }))
  }
}

for (const workers of [0, 2]) {
  test(`TLS, with ${workers} workers`, async (t) => {
    const fast = await startBackend(t, 'fast')
    const gateway = await startGateway(t, configOf({ fast: fast.url }), { workers })

    for (const [flag, version] of [
      ['--http1.0', '1.0'],
      ['--http1.1', '1.1'],
      ['--http2', '2']
    ] as const) {
      await t.test(`curl ${flag} trusts the gateway and gets its answer`, async () => {
        const words = ['-sS', '--cacert', caFile, '-w', ' %{http_version} %{ssl_verify_result}', flag]
        const { stdout, stderr } = await runTool('curl', ...words, `${gateway.url}/fast`)
        // curl names what the server answers with, which is 1.1 for a client of 1.0 too.
        assert.equal(stdout, `fast ${version === '1.0' ? '1.1' : version} 0`, stderr)
      })
    }

    await t.test('curl goes on with one connection for several requests', async () => {
      const { stdout } = await runTool(
        'curl',
        '-sS',
        '--cacert',
        caFile,
        '--http1.1',
        '-w',
        String.raw` %{num_connects}\n`,
        ...[1, 2, 3].map(() => `${gateway.url}/fast`)
      )
      assert.equal(stdout, 'fast 1\nfast 0\nfast 0\n')
    })

    await t.test('a client that does not trust the authority leaves, and nothing else happens', async () => {
      const { code } = await runTool('curl', '-sS', `${gateway.url}/fast`)
      assert.equal(code, 60)
      const { stdout } = await runTool('curl', '-sS', '--cacert', caFile, `${gateway.url}/fast`)
      assert.equal(stdout, 'fast')
    })

    await t.test('openssl sees the protocols that there are', async () => {
      const versions = ['-tls1_3', '-tls1_2']
      for (const version of versions) {
        const told = await sClient(gateway.url, version, '-alpn', 'h2,http/1.1', '-CAfile', caFile)
        assert.match(told, /^ALPN protocol: h2$/m)
        assert.match(told, /Verify return code: 0 \(ok\)/)
      }
      assert.match(await sClient(gateway.url, '-alpn', 'http/1.1'), /^ALPN protocol: http\/1\.1$/m)
      assert.match(await sClient(gateway.url), /^No ALPN negotiated$/m)
      assert.match(await sClient(gateway.url, '-alpn', 'smtp'), /no application protocol/)
      for (const old of ['-tls1_1', '-tls1'])
        assert.match(await sClient(gateway.url, old, '-cipher', 'DEFAULT:@SECLEVEL=0'), /^New, \(NONE\)/m)
    })

    await t.test('the certificate is the one for the name that the client asks for', async (sub) => {
      const names: readonly (readonly [string, IssuedCertificate])[] = [
        ['localhost', first],
        ['www.shop.example', exact],
        ['WWW.SHOP.EXAMPLE', exact],
        ['api.shop.example', wild],
        ['a.b.shop.example', first],
        ['shop.example', first],
        ['elsewhere.example', first],
        ['', first]
      ]
      for (const [servername, { cert }] of names) {
        const { socket } = await tlsClient(sub, portOf(gateway), { servername })
        assert.equal(socket.getPeerCertificate().fingerprint256, fingerprintOf(cert), servername)
        socket.destroy()
      }
    })

    await t.test('curl finds each host behind its own certificate', async () => {
      for (const host of ['www.shop.example', 'api.shop.example']) {
        const at = ['--resolve', `${host}:${portOf(gateway)}:127.0.0.1`]
        const url = `https://${host}:${portOf(gateway)}/fast`
        const { stdout, stderr } = await runTool('curl', '-sS', '--cacert', caFile, ...at, url)
        assert.equal(stdout, 'fast', stderr)
      }
    })

    await t.test('pipelined requests are answered in turn', async (sub) => {
      const client = await tlsClient(sub, portOf(gateway))
      client.write(GET.replace('/fast', '/fast?delay=100') + GET + GET.replace('/fast', '/nothing') + GET)
      await until('all are answered', () => client.text().split('HTTP/1.1 ').length === 5)
      const statuses = client.text().match(/HTTP\/1\.1 \d+/g)
      assert.deepEqual(statuses, ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200'])
    })

    await t.test('nghttp reads a page, and h2load many at once over few connections', async () => {
      const page = await runTool('nghttp', '-v', `${gateway.url}/fast`)
      assert.match(page.stdout, /:status: 200/)
      const load = await runTool('h2load', '-n', '2000', '-c', '8', '-m', '50', `${gateway.url}/fast`)
      assert.match(load.stdout, /2000 succeeded, 0 failed, 0 errored, 0 timeout/)
      assert.match(load.stdout, /status codes: 2000 2xx/)
    })

    await t.test('plain HTTP on the port gets nothing', async () => {
      const { code, stdout } = await runTool('curl', '-sS', gateway.url.replace('https:', 'http:'))
      assert.notEqual(code, 0)
      assert.equal(stdout, '')
    })
  })

  test(`WebSocket goes over TLS, with ${workers} workers`, async (t) => {
    const echo = await startWebSocketBackend(t)
    const { url } = await startGateway(t, configOf({ echo: echo.url }), { workers })
    const socket = new WebSocket(`${url.replace('https:', 'wss:')}/echo`, { ca: authority.ca })
    t.after(() => socket.terminate())
    await once(socket, 'open')
    for (const message of ['hello', 'x'.repeat(200_000)]) {
      socket.send(message)
      const [data] = (await once(socket, 'message')) as [Buffer]
      assert.equal(data.toString(), message)
    }
    const [handshake] = echo.handshakes
    assert.equal(handshake?.headers['x-forwarded-proto'], 'https')
    socket.close(1000, 'done')
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
    assert.deepEqual([code, reason.toString()], [1000, 'done'])
  })

  test(`a stop ends what is under way and sends clients away, with ${workers} workers`, async (t) => {
    const [fast, slow] = [await startBackend(t, 'fast'), await startHoldingBackend(t, 'slow')]
    const shutdown = { delay: '1s', timeout: '60s' }
    const config = configOf({ fast: fast.url, slow: slow.url }, { shutdown })
    const gateway = await startGateway(t, config, { workers })
    const [idle, kept, busy] = await Promise.all([1, 2, 3].map(() => tlsClient(t, portOf(gateway))))
    for (const client of [idle!, kept!]) {
      client.write(GET)
      await client.untilText('fast')
    }
    busy!.write(GET.replace('/fast', '/slow'))
    const session = await http2Client(t, gateway.url, authority.ca)
    const held = [1, 2, 3].map(() => exchangeHttp2(session, { ':path': '/slow' }))
    await until('all are under way', () => slow.held() === 4)

    const goAway = once(session, 'goaway')
    const stopped = gateway.gateway.stop()
    const [goAwayCode] = (await goAway) as [number]
    assert.equal(goAwayCode, 0)
    kept!.write(GET)
    await kept!.closed
    assert.match(kept!.text(), /\r\nConnection: close\r\n/i)
    await idle!.closed
    slow.release()
    const ends = await Promise.all(held)
    assert.deepEqual(
      ends.map(({ status, rstCode }) => [status, rstCode]),
      [1, 2, 3].map(() => [200, 0])
    )
    await busy!.closed
    assert.match(busy!.text(), /200 OK[^]*slow$/)
    assert.deepEqual(await stopped, { cut: 0 })
  })

  test(`a stop cuts and counts what is left, with ${workers} workers`, async (t) => {
    const slow = await startHoldingBackend(t, 'slow')
    const gateway = await startGateway(t, configOf({ slow: slow.url }), { workers })
    const client = await tlsClient(t, portOf(gateway))
    client.write(GET.replace('/fast', '/slow'))
    const session = await http2Client(t, gateway.url, authority.ca)
    const held = [1, 2].map(() => exchangeHttp2(session, { ':path': '/slow' }))
    await until('all are under way', () => slow.held() === 3)
    assert.deepEqual(await gateway.gateway.stop(200), { cut: 3 })
    const ends = await Promise.all(held)
    assert.ok(ends.every(({ status }) => status !== 200))
    await client.closed
  })

  test(`a reload changes what is spoken on the port, with ${workers} workers`, async (t) => {
    const fast = await startBackend(t, 'fast')
    const groups = { fast: fast.url }
    const gateway = await startGateway(t, configOf(groups), { workers })
    const port = portOf(gateway)
    const kept = await http2Client(t, gateway.url, authority.ca)
    const applied = async (server: RawConfig): Promise<void> => {
      await gateway.write(configOf(groups, { port, ...server }))
      const { outcome, errors } = await gateway.gateway.reload('admin')
      assert.equal(outcome, 'applied', errors.join('\n'))
    }
    const goAway = once(kept, 'goaway')
    await applied({ tls: { certificates: [first], http2: false } })
    await goAway
    const noHttp2 = await tlsClient(t, port, { ALPNProtocols: ['h2', 'http/1.1'] })
    assert.equal(noHttp2.socket.alpnProtocol, 'http/1.1')
    await applied({ tls: undefined })
    assert.equal((await runTool('curl', '-sS', `http://127.0.0.1:${port}/fast`)).stdout, 'fast')
    await applied({ tls: undefined, host: '0.0.0.0' })
    assert.equal((await runTool('curl', '-sS', `http://127.0.0.1:${port}/fast`)).stdout, 'fast')
    await applied({})
    const secure = await runTool(
      'curl',
      '-sS',
      '--cacert',
      caFile,
      '--http2',
      `https://127.0.0.1:${port}/fast`
    )
    assert.equal(secure.stdout, 'fast', secure.stderr)
  })
}

function portOf({ url }: TestGateway): number {
  return Number(new URL(url).port)
}
