import assert from 'node:assert/strict'
import { get } from 'node:https'
import { before, test, type TestContext } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { runCommand } from '../helpers/child-gateway.ts'
import { exchange } from '../helpers/exchange.ts'
import {
  type RawConfig,
  startGateway,
  type TestGateway,
  withTestDefaults,
  WORKER_COUNTS,
  writeConfig
} from '../helpers/gateway.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { scrape } from '../helpers/scrape.ts'
import { until } from '../helpers/until.ts'

let authority: Authority
let certificate: IssuedCertificate

before(async () => {
  authority = await createAuthority()
  certificate = await authority.issue(['localhost', '127.0.0.1'])
})

function configOf(backend: string, server: RawConfig): RawConfig {
  return {
    server,
    upstreams: { catalog: { backends: [backend] } },
    routes: [{ path: '/', upstream: 'catalog' }]
  }
}

async function freePort(): Promise<number> {
  return Number(new URL(await closedPort()).port)
}

async function sent(t: TestContext, url: string, bytes: string): Promise<string> {
  const client = await rawClient(t, url)
  client.write(bytes)
  await client.closed
  return client.text()
}

/** The status of a GET over TLS. */
async function httpsStatus(url: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    get(url, { ca: authority.ca, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    }).once('error', reject)
  })
}

async function apply({ write, gateway }: TestGateway, config: RawConfig): Promise<void> {
  await write(config)
  const { outcome, errors } = await gateway.reload('admin')
  // The watch may have been first.
  assert.notEqual(outcome, 'failed', errors.join('\n'))
}

for (const workers of WORKER_COUNTS) {
  test(`clients of the plain port are sent to HTTPS, with ${workers} workers`, async (t) => {
    const backend = await startBackend(t, 'a')
    const tls = { certificates: [certificate] }
    const front = await startGateway(t, configOf(backend.url, { tls, redirect: { port: 0 } }), { workers })
    const { gateway } = front
    const redirectUrl = gateway.redirectUrl ?? ''
    const httpsPort = new URL(gateway.url).port
    assert.match(gateway.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    assert.match(redirectUrl, /^http:\/\/127\.0\.0\.1:\d+$/)

    await t.test('who follows finds what was asked for', async () => {
      const { status, headers } = await exchange(`${redirectUrl}/products?a=%20b`)
      assert.deepEqual([status, headers.location], [308, `${gateway.url}/products?a=%20b`])
      assert.equal(await httpsStatus(headers.location ?? ''), 200)
      assert.equal(backend.requests(), 1)
      const redirects = 'xecureapi_requests_total{method="__other__",route="__none__",status="308"}'
      await until('it is counted', async () => (await scrape(gateway.adminUrl)).get(redirects) === 1)
      const failures = [...(await scrape(gateway.adminUrl)).keys()].filter((each) =>
        each.includes('_failures_')
      )
      assert.deepEqual(
        failures.filter((each) => each.includes('__none__')),
        [],
        'it is no failure'
      )
    })

    await t.test('hosts, targets and methods of all sorts, on many connections', async (sub) => {
      for (let turn = 0; turn < 10; turn++) {
        const posted = await sent(
          sub,
          redirectUrl,
          'POST //x\\y?z HTTP/1.1\r\nHost: a.example:80\r\nContent-Length: 5\r\n\r\nhello'
        )
        assert.match(posted, /^HTTP\/1\.1 308 /)
        assert.ok(posted.includes(`\r\nLocation: https://a.example:${httpsPort}//x\\y?z\r\n`), posted)
        for (const host of ['', 'Host: a\r\nHost: b\r\n', 'Host: a@b\r\n'])
          assert.match(await sent(sub, redirectUrl, `GET / HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1\.1 400 /)
      }
      assert.equal(backend.requests(), 1, 'nothing of it goes to a backend')
    })

    await t.test('it moves, knows where HTTPS is, goes away and comes back', async () => {
      const port = await freePort()
      await apply(front, configOf(backend.url, { tls, redirect: { port } }))
      assert.equal(gateway.redirectUrl, `http://127.0.0.1:${port}`)
      assert.equal((await exchange(gateway.redirectUrl)).headers.location, `${gateway.url}/`)
      await assert.rejects(exchange(redirectUrl), { code: 'ECONNREFUSED' })

      const next = await freePort()
      await apply(front, configOf(backend.url, { port: next, tls, redirect: { port } }))
      assert.equal(
        (await exchange(`http://127.0.0.1:${port}`)).headers.location,
        `https://127.0.0.1:${next}/`
      )
      await apply(front, configOf(backend.url, { port: next, tls }))
      assert.equal(gateway.redirectUrl, undefined)
      await assert.rejects(exchange(`http://127.0.0.1:${port}`), { code: 'ECONNREFUSED' })
      await apply(front, configOf(backend.url, { port: next, tls, redirect: { port } }))
      assert.equal((await exchange(`http://127.0.0.1:${port}`)).status, 308)
    })

    await t.test('clients may find HTTPS at another port than the one that is listened on', async () => {
      const server = { port: Number(new URL(gateway.url).port), tls }
      const port = Number(new URL(gateway.redirectUrl ?? '').port)
      const location = async (): Promise<unknown> =>
        (await exchange(`http://127.0.0.1:${port}/a`)).headers.location
      for (const [httpsPort, host] of [
        [443, '127.0.0.1'],
        [8443, '127.0.0.1:8443']
      ] as const) {
        await apply(front, configOf(backend.url, { ...server, redirect: { port, httpsPort } }))
        assert.equal(await location(), `https://${host}/a`)
      }
      await apply(front, configOf(backend.url, { ...server, redirect: { port } }))
      assert.equal(await location(), `${gateway.url}/a`)
    })

    await t.test('the public port becomes that of the redirect, and back', async () => {
      const plain = Number(new URL(gateway.redirectUrl ?? '').port)
      const secure = Number(new URL(gateway.url).port)
      await apply(front, configOf(backend.url, { port: plain }))
      assert.equal(gateway.url, `http://127.0.0.1:${plain}`)
      assert.equal((await exchange(gateway.url)).status, 200)
      await apply(front, configOf(backend.url, { port: secure, tls, redirect: { port: plain } }))
      assert.equal((await exchange(`http://127.0.0.1:${plain}`)).headers.location, `${gateway.url}/`)
      assert.equal(await httpsStatus(gateway.url), 200)
    })

    await t.test('a port that is taken changes nothing', async () => {
      await front.write(configOf(backend.url, { tls, redirect: { port: backend.port } }))
      const { outcome, errors } = await gateway.reload('admin')
      assert.equal(outcome, 'failed')
      assert.deepEqual(errors, [`cannot listen on 127.0.0.1:${backend.port}: the port is in use`])
      assert.equal((await exchange(gateway.redirectUrl ?? '')).status, 308)
      const own = Number(new URL(gateway.url).port)
      await front.write(configOf(backend.url, { port: own, tls, redirect: { port: own } }))
      assert.equal((await gateway.reload('admin')).outcome, 'failed')
      assert.equal(await httpsStatus(gateway.url), 200)
    })

    await t.test('it stops with the gateway', async () => {
      const url = gateway.redirectUrl ?? ''
      await gateway.stop(1_000)
      await assert.rejects(exchange(url), { code: 'ECONNREFUSED' })
    })
  })
}

test('the address is in the line that says where the gateway serves', async (t) => {
  const config = configOf('http://127.0.0.1:9', {
    tls: { certificates: [certificate] },
    redirect: { port: 0 }
  })
  const file = await writeConfig(t, withTestDefaults(config, 0))
  const command = runCommand(t, 'start', '--config', file)
  await until('it serves', () => command.stdout().includes('xecureapi serves'))
  const line = /^xecureapi serves (https:\S+), admin http:\S+, redirect (\S+)$/m.exec(command.stdout())
  assert.ok(line, command.stdout())
  assert.equal((await exchange(line[2] ?? '')).headers.location, `${line[1]}/`)
})
