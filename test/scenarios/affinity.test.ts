import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import { startBackend, startBackends, type TestBackend } from '../helpers/backend.ts'
import { seenRequest, startEchoBackend } from '../helpers/echo-backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { collectEvents, type RawConfig, startGateway, type TestGateway } from '../helpers/gateway.ts'
import { exchangeHttp2, valuesIn } from '../helpers/http2-client.ts'
import { forwardAll, startHttp2Lab } from '../helpers/http2-lab.ts'
import { assertLine, startLab } from '../helpers/lab.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'
import { startUpgradeBackend } from '../helpers/upgrade-backend.ts'
import { Visitor, visitors } from '../helpers/visitor.ts'

const SECRET = 'a secret of this test'
const AFFINITY = { secret: SECRET }

function shopOf(backends: readonly (string | object)[], group: RawConfig = {}): RawConfig {
  return {
    upstreams: { shop: { backends, affinity: AFFINITY, ...group } },
    routes: [{ path: '/', upstream: 'shop' }]
  }
}

/** Who serves a visitor. */
async function servedBy(visitor: Visitor, url: string): Promise<string> {
  const { status, body } = await visitor.visit(url)
  assert.equal(status, 200)
  return body
}

/** Changes the administrative state of a backend. */
async function setState({ adminUrl }: TestGateway, { port }: TestBackend, state: string): Promise<void> {
  const response = await fetch(`${adminUrl}/api/upstreams/shop/backends/127.0.0.1:${port}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ state })
  })
  assert.equal(response.status, 200)
}

for (const workers of [0, 2]) {
  suite(`sessions with ${workers} workers`, () => {
    test('a session stays at its backend, over a reload and a restart', async (t) => {
      const backends = await startBackends(t, 4)
      const urls = backends.map(({ url }) => url)
      const config = shopOf(urls.slice(0, 3))
      const { gateway, url, write } = await startGateway(t, config, { workers })
      const guests = visitors(4)
      const homes = await Promise.all(guests.map((guest) => servedBy(guest, url)))
      assert.ok(new Set(homes).size > 1, homes.join(', '))
      const stay = async (at: string, times: number): Promise<void> => {
        for (let time = 0; time < times; time++)
          assert.deepEqual(await Promise.all(guests.map((guest) => servedBy(guest, at))), homes)
      }
      await stay(url, 50)
      await write(shopOf(urls.toReversed()))
      assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
      await stay(url, 3)
      const next = await startGateway(t, config, { workers })
      await stay(next.url, 3)
    })

    test('a session without a secret stays over a reload', async (t) => {
      const backends = await startBackends(t, 3)
      const urls = backends.map(({ url }) => url)
      const { gateway, url, write } = await startGateway(t, shopOf(urls, { affinity: {} }), { workers })
      const guest = new Visitor()
      const home = await servedBy(guest, url)
      await write(shopOf(urls.toReversed(), { affinity: { ttl: '2h' } }))
      assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
      for (let time = 0; time < 8; time++) assert.equal(await servedBy(guest, url), home)
    })

    test('a drained backend and one of weight 0 keep their sessions and get no new ones', async (t) => {
      const [a, b] = (await startBackends(t, 2)) as [TestBackend, TestBackend]
      const running = await startGateway(t, shopOf([a.url, b.url]), { workers })
      const { gateway, url, write } = running
      const guest = new Visitor()
      while ((await servedBy(guest, url)) !== 'a') guest.setCookie('xgw', '')
      const assertKept = async (): Promise<void> => {
        for (let time = 0; time < 5; time++) {
          assert.equal(await servedBy(guest, url), 'a')
          assert.equal(await servedBy(new Visitor(), url), 'b')
        }
      }
      await setState(running, a, 'draining')
      await assertKept()
      await setState(running, a, 'active')
      await write(shopOf([{ url: a.url, weight: 0 }, b.url]))
      assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
      await assertKept()
      await setState(running, a, 'disabled')
      assert.equal(await servedBy(guest, url), 'b')
    })

    test('the session of an ill backend moves, and stays where it went', async (t) => {
      const backends = await startBackends(t, 4)
      const healthCheck = { path: '/health', interval: '100ms', unhealthyAfter: 1, healthyAfter: 100 }
      const config = shopOf(
        backends.map(({ url }) => url),
        { healthCheck }
      )
      const { gateway, url } = await startGateway(t, config, { workers })
      const flips = collectEvents(gateway, 'health')
      const guest = new Visitor()
      const home = await servedBy(guest, url)
      const backend = backends.find(({ name }) => name === home)!
      await backend.kill()
      await until('it is known to be ill', () => flips.length > 0)
      const moved = await servedBy(guest, url)
      assert.notEqual(moved, home)
      await backend.revive()
      for (let time = 0; time < 10; time++) assert.equal(await servedBy(guest, url), moved)
    })
  })
}

test('the log says why a backend was picked', async (t) => {
  const [a, b] = (await startBackends(t, 2)) as [TestBackend, TestBackend]
  const lab = await startLab(t, { backends: [a.url, b.url], group: { affinity: AFFINITY } })
  const guest = new Visitor()
  const home = await servedBy(guest, lab.url)
  const first = await lab.nextLine()
  assert.equal(first['pick'], undefined)
  await servedBy(guest, lab.url)
  assertLine(await lab.nextLine(), { pick: 'affinity', backend: first['backend'], attempts: 1 })
  // Nobody probes: the attempt fails, and the session moves with the next one.
  const [dead, other] = home === 'a' ? [a, b] : [b, a]
  await dead.kill()
  assert.equal(await servedBy(guest, lab.url), other.name)
  assertLine(await lab.nextLine(), { pick: 'session_moved', backend: `127.0.0.1:${other.port}`, attempts: 2 })
  await servedBy(guest, lab.url)
  assertLine(await lab.nextLine(), { pick: 'affinity', backend: `127.0.0.1:${other.port}`, attempts: 1 })
})

test('while its backend is full another serves a session, which stays where it is', async (t) => {
  const held: ServerResponse[] = []
  const full = await startBackend(t, 'full', (request, response) => {
    if (request.url === '/hold') held.push(response)
    else response.end('full')
  })
  const [other] = (await startBackends(t, 1)) as [TestBackend]
  const backends = [{ url: full.url, maxInFlight: 1 }, other.url]
  const lab = await startLab(t, { backends, group: { affinity: AFFINITY } })
  const guest = new Visitor()
  while ((await servedBy(guest, lab.url)) !== 'full') guest.setCookie('xgw', '')
  const cookie = guest.cookie('xgw')
  const holding = exchange(`${lab.url}/hold`, { headers: { cookie: `xgw=${cookie}` } })
  await until('it is full', () => held.length === 1)
  assert.equal(await servedBy(guest, lab.url), 'a')
  assert.deepEqual(guest.lastSet, [])
  let line = await lab.nextLine()
  while (line['pick'] !== 'session_full') line = await lab.nextLine()
  held[0]!.end()
  await holding
  await lab.untilIdle()
  assert.equal(await servedBy(guest, lab.url), 'full')
  assert.equal(guest.cookie('xgw'), cookie)
})

suite('the cookie', () => {
  const ATTRIBUTES = /^xgw=[\w-]{22}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/

  test("stands beside the backend's own, on every response, streamed or whole", async (t) => {
    const backend = await startEchoBackend(t, 'echo')
    for (const mode of ['stream', 'buffered']) {
      const lab = await startLab(t, {
        backends: [backend.url],
        group: { affinity: AFFINITY },
        route: { mode, headers: { response: { set: { 'x-shop': 'eu' } } } }
      })
      const guest = new Visitor()
      for (let time = 0; time < 2; time++) {
        await guest.visit(lab.url)
        assert.deepEqual(guest.lastSet.slice(0, 2), ['a=1', 'b=2'])
        assert.match(guest.lastSet[2]!, ATTRIBUTES)
        assert.equal(guest.lastSet.length, 3)
      }
    }
  })

  test('does not reach the backend; other cookies do', async (t) => {
    const backend = await startEchoBackend(t, 'echo')
    const lab = await startLab(t, { backends: [backend.url], group: { affinity: AFFINITY } })
    const guest = new Visitor()
    await guest.visit(lab.url)
    assert.deepEqual(seenRequest((await guest.visit(lab.url)).body).headers['cookie'], ['a=1; b=2'])
    const alone = new Visitor()
    alone.setCookie('xgw', guest.cookie('xgw')!)
    assert.equal(seenRequest((await alone.visit(lab.url)).body).headers['cookie'], undefined)
  })

  test('is for TLS only over TLS, HTTP/2 included', async (t) => {
    const backend = await startEchoBackend(t, 'echo')
    const lab = await startHttp2Lab(t, forwardAll(backend.url, { affinity: AFFINITY }))
    const head = { ':path': '/', ':authority': 'localhost' }
    const { headers } = await exchangeHttp2(lab.session, head)
    const [, , own] = valuesIn(headers, 'set-cookie')
    assert.match(own!, /^xgw=[\w-]{22}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/)
    const value = own!.split(';')[0]!
    const again = await exchangeHttp2(lab.session, { ...head, cookie: ['a=1', value] })
    assert.equal(valuesIn(again.headers, 'set-cookie')[2], own)
    assert.deepEqual(seenRequest(again.body.toString()).headers['cookie'], ['a=1'])
    await lab.nextLine()
    assertLine(await lab.nextLine(), { pick: 'affinity' })
  })

  test('comes with a switch of protocols, but not with what is only on the way', async (t) => {
    const upgrade = await startUpgradeBackend(t)
    const hints = await startBackend(t, 'hints', (_request, response) => {
      response.writeEarlyHints({ link: '</a.css>' }, () => response.end('hints'))
    })
    const { url } = await startGateway(t, {
      upstreams: {
        upgrade: { backends: [upgrade.url], affinity: AFFINITY },
        hints: { backends: [hints.url], affinity: AFFINITY }
      },
      routes: [
        { path: '/upgrade', upstream: 'upgrade' },
        { path: '/', upstream: 'hints' }
      ]
    })
    const switching = await rawClient(t, url)
    switching.write(upgradeRequest('/upgrade'))
    await switching.untilText('\r\n\r\n')
    assert.match(switching.text(), /^HTTP\/1\.1 101 [^]*\r\nset-cookie: xgw=[\w-]{22}; Path=\/;/i)
    const hinted = await rawClient(t, url)
    hinted.write('GET / HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n')
    await hinted.closed
    const [early, final] = hinted.text().split(/(?=HTTP\/1\.1 200)/)
    assert.match(early!, /^HTTP\/1\.1 103 /)
    assert.doesNotMatch(early!, /set-cookie/i)
    assert.match(final!, /\r\nset-cookie: xgw=/i)
  })

  test('that is forged or foreign is passed over, and answers of the gateway have none', async (t) => {
    const backend = await startBackend(t, 'a', (request, response) => {
      if (request.url === '/break') request.socket.destroy()
      else response.end('a')
    })
    const lab = await startLab(t, { backends: [backend.url], group: { affinity: AFFINITY } })
    for (const value of ['', 'x', 'x'.repeat(22), '"x"', '%00', 'é', 'x'.repeat(8000), '127.0.0.1:1']) {
      const guest = new Visitor()
      guest.setCookie('xgw', value)
      assert.equal(await servedBy(guest, lab.url), 'a', value.slice(0, 30))
      assert.match(guest.cookie('xgw')!, /^[\w-]{22}/)
    }
    const { status, headers } = await exchange(`${lab.url}/break`, { method: 'POST' })
    assert.equal(status, 502)
    assert.equal(headers['set-cookie'], undefined)
  })
})

test('groups that share the name of their cookie keep each other’s sessions', async (t) => {
  const backends = await startBackends(t, 3)
  const group = { backends: backends.map(({ url }) => url), affinity: {} }
  const { url } = await startGateway(t, {
    upstreams: { one: group, two: group },
    routes: [
      { path: '/one', upstream: 'one' },
      { path: '/two', upstream: 'two' }
    ]
  })
  const guest = new Visitor()
  const homes = [await servedBy(guest, `${url}/one`), await servedBy(guest, `${url}/two`)]
  for (let time = 0; time < 6; time++) {
    assert.deepEqual([await servedBy(guest, `${url}/one`), await servedBy(guest, `${url}/two`)], homes)
  }
})

test('an upgrade is a session too', async (t) => {
  const backends = await Promise.all([startUpgradeBackend(t), startUpgradeBackend(t)])
  const lab = await startLab(t, { backends: backends.map(({ url }) => url), group: { affinity: AFFINITY } })
  const first = await rawClient(t, lab.url)
  first.write(upgradeRequest('/'))
  await first.untilText('\r\n\r\n')
  const [, cookie] = /set-cookie: (xgw=[^;]+)/i.exec(first.text())!
  const home = backends.findIndex(({ connections }) => connections.length === 1)
  for (let time = 0; time < 3; time++) {
    const next = await rawClient(t, lab.url)
    next.write(upgradeRequest('/').replace('\r\n\r\n', `\r\nCookie: ${cookie}\r\n\r\n`))
    await next.untilText('\r\n\r\n')
    next.socket.destroy()
    await once(next.socket, 'close')
  }
  assert.equal(backends[home]!.connections.length, 4)
})
