import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test, type TestContext } from 'node:test'
import type { BackendView, GroupView } from '../../src/admin/upstreams.ts'
import { HEALTH_PATH, startBackend, type TestBackend } from '../helpers/backend.ts'
import { startChildGateway } from '../helpers/child-gateway.ts'
import { startDnsServer } from '../helpers/dns-server.ts'
import { exchange, type Exchanged } from '../helpers/exchange.ts'
import {
  collectEvents,
  type RawConfig,
  startGateway,
  startGatewayFrom,
  WORKER_COUNTS
} from '../helpers/gateway.ts'
import { failures, keepAliveAgent, type Outcome, send, startLoad } from '../helpers/load.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

const CHECK = { path: HEALTH_PATH, interval: '200ms', timeout: '1s' }

/** A shop whose group has these backends in its file. */
function shop(backends: readonly string[], more: RawConfig = {}): RawConfig {
  return {
    upstreams: { shop: { backends, healthCheck: CHECK } },
    routes: [{ path: '/', upstream: 'shop' }],
    ...more
  }
}

async function call(
  adminUrl: string,
  method: string,
  path: string,
  body?: object
): Promise<Exchanged & { readonly view: BackendView & { generation: number } }> {
  const answer = await exchange(`${adminUrl}/api/upstreams/shop/backends${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
  })
  return { ...answer, view: JSON.parse(answer.body) as BackendView & { generation: number } }
}

function idOf({ url }: TestBackend): string {
  return `/${new URL(url).host}`
}

async function viewOf(adminUrl: string, backend: TestBackend): Promise<BackendView | undefined> {
  const group = JSON.parse((await exchange(`${adminUrl}/api/upstreams/shop`)).body) as GroupView
  return group.backends.find(({ url }) => url === backend.url)
}

/** A backend that answers `/long` when the test says so. */
async function startPatient(t: TestContext, name: string) {
  const held: ServerResponse[] = []
  const backend = await startBackend(t, name, (request, response) => {
    request.resume()
    response.setHeader('x-served-by', name)
    if (request.url === '/long') held.push(response)
    else response.end(name)
  })
  return { backend, held }
}

suite('registration at run time', () => {
  for (const workers of WORKER_COUNTS) {
    test(`a backend joins and leaves under load, and nobody notices, with ${workers} workers`, async (t) => {
      const first = await startBackend(t, 'a')
      const { backend: second, held } = await startPatient(t, 'b')
      const { url, adminUrl, gateway } = await startGateway(t, shop([first.url]), { workers })
      const news = collectEvents(gateway, 'registration')
      const load = startLoad(keepAliveAgent(t), url, 100)

      const joined = await call(adminUrl, 'POST', '', { url: second.url })
      assert.deepEqual([joined.status, joined.view.health, joined.view.generation], [201, 'unhealthy', 2])
      await until('it serves', () => load.outcomes.some(({ servedBy }) => servedBy === 'b'))
      assert.equal((await viewOf(adminUrl, second))?.source, 'registration')

      const long: Promise<Outcome>[] = []
      await until('it is busy', () => {
        if (held.length < 2) long.push(send(keepAliveAgent(t), `${url}/long`))
        return held.length >= 2
      })
      assert.equal((await call(adminUrl, 'DELETE', idOf(second))).status, 202)
      assert.deepEqual(
        [(await viewOf(adminUrl, second))?.state, (await viewOf(adminUrl, second))?.leaving],
        ['draining', 'removed']
      )
      // What was on its way there when it began to leave arrives.
      let before = -1
      await until('nothing more arrives', async () => {
        const seen = before
        before = second.requests()
        await delay(100)
        return seen === before
      })
      await Promise.all(Array.from({ length: 8 }, () => send(keepAliveAgent(t), url)))
      assert.equal(second.requests(), before)
      await until('it is gone', async () => {
        for (const response of held) response.end('done')
        return (await viewOf(adminUrl, second)) === undefined
      })
      assert.deepEqual(failures(await Promise.all(long)), [])
      assert.deepEqual(failures(await load.stop()), [])
      assert.deepEqual(
        news.map(({ change, reason }) => [change, reason]),
        [
          ['added', undefined],
          ['leaving', 'removed'],
          ['removed', 'removed']
        ]
      )
    })
  }

  test('a backend that stops renewing its lease is drained and removed, and an event says so', async (t) => {
    const [first, second] = [await startBackend(t, 'a'), await startBackend(t, 'b')]
    const { adminUrl, gateway } = await startGateway(t, shop([first.url]))
    const news = collectEvents(gateway, 'registration')
    await call(adminUrl, 'POST', '', { url: second.url, ttl: '1s' })
    for (let count = 0; count < 4; count++) {
      await new Promise((resolve) => setTimeout(resolve, 400))
      assert.equal((await call(adminUrl, 'PUT', `${idOf(second)}/lease`)).status, 200)
    }
    assert.equal((await viewOf(adminUrl, second))?.state, 'active')
    await until('it is gone', async () => (await viewOf(adminUrl, second)) === undefined)
    assert.deepEqual(
      news.slice(-2).map(({ change, reason }) => [change, reason]),
      [
        ['leaving', 'lease_expired'],
        ['removed', 'lease_expired']
      ]
    )
    assert.equal((await call(adminUrl, 'PUT', `${idOf(second)}/lease`)).status, 404)
  })

  test('what was registered and what was drained outlives a restart, and the file wins for what it names', async (t) => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => startBackend(t, name)))
    const before = await startGateway(t, shop([a!.url, b!.url]))
    await call(before.adminUrl, 'POST', '', { url: c!.url, weight: 5 })
    await call(before.adminUrl, 'PATCH', idOf(b!), { state: 'disabled' })
    await before.gateway.stop(0)
    const after = await startGatewayFrom(t, before.file)
    assert.equal((await viewOf(after.adminUrl, c!))?.weight, 5)
    assert.equal((await viewOf(after.adminUrl, b!))?.state, 'disabled')
    const [served] = [await send(keepAliveAgent(t), after.url)]
    assert.equal(served.status, 200)
    // The file names it as well now.
    const conflicts = async () =>
      JSON.parse((await exchange(`${after.adminUrl}/api/registrations`)).body).conflicts as {
        reason: string
        ignored: string[]
      }[]
    await after.write(shop([a!.url, b!.url, c!.url]))
    await after.gateway.reload('signal')
    assert.deepEqual(
      [(await viewOf(after.adminUrl, c!))?.weight, (await viewOf(after.adminUrl, c!))?.source],
      [1, 'file']
    )
    assert.deepEqual(await conflicts(), [
      { group: 'shop', url: c!.url, reason: 'named_by_file', ignored: ['weight'] }
    ])
  })

  test('a gateway that is killed loses nothing that it acknowledged', async (t) => {
    const config = shop([(await startBackend(t, 'a')).url])
    const killed = await startChildGateway(t, config, 0)
    const acknowledged: string[] = []
    const writing = (async () => {
      for (let port = 20_000; ; port++) {
        const url = `http://127.0.0.2:${port}`
        const { status } = await call(killed.adminUrl, 'POST', '', { url })
        if (status === 201) acknowledged.push(url)
      }
    })().catch(() => undefined)
    await until('some were registered', () => acknowledged.length >= 10)
    killed.kill('SIGKILL')
    await Promise.all([writing, killed.ended])
    const { adminUrl } = await startGatewayFrom(t, killed.file)
    const { body } = await exchange(`${adminUrl}/api/upstreams/shop`)
    const known = new Set((JSON.parse(body) as GroupView).backends.map(({ url }) => url))
    assert.deepEqual(
      acknowledged.filter((url) => !known.has(url)),
      []
    )
  })

  test('two gateways with one Redis know of each other’s registrations, drains and leases', async (t) => {
    const redis = await startRedis(t)
    const [a, b] = await Promise.all(['a', 'b'].map((name) => startBackend(t, name)))
    const config = shop([a!.url], { store: { type: 'redis', url: redis.url } })
    const [one, two] = [await startGateway(t, config), await startGateway(t, config)]
    await call(one.adminUrl, 'POST', '', { url: b!.url, ttl: '2s' })
    await until('the other knows it', async () => (await viewOf(two.adminUrl, b!)) !== undefined)
    await call(two.adminUrl, 'PATCH', idOf(a!), { state: 'draining' })
    await until('the first knows it', async () => (await viewOf(one.adminUrl, a!))?.state === 'draining')
    await until('b serves', async () => (await send(keepAliveAgent(t), one.url)).servedBy === 'b')

    await redis.kill()
    const away = await call(one.adminUrl, 'PATCH', idOf(a!), { state: 'active' })
    assert.equal(away.status, 503)
    assert.equal((await send(keepAliveAgent(t), two.url)).servedBy, 'b')
    await redis.restart()
    await until(
      'it can be written to again',
      async () => {
        return (await call(two.adminUrl, 'PATCH', idOf(a!), { state: 'active' })).status === 200
      },
      20_000
    )
    await until('the first knows it', async () => (await viewOf(one.adminUrl, a!))?.state === 'active')
  })
})

suite('discovery', () => {
  test('backends come and go as a name says', async (t) => {
    const [a, names] = [await startBackend(t, 'a'), await startDnsServer(t)]
    names.set('shop.internal', { A: [{ address: '127.0.0.1', ttl: 1 }] })
    const port = Number(new URL(a.url).port)
    const discovery = { type: 'dns', name: 'shop.internal', port, servers: [names.address], refresh: '1s' }
    const { url, adminUrl } = await startGateway(t, {
      upstreams: { shop: { discovery, healthCheck: CHECK, hostHeader: 'backend' } },
      routes: [{ path: '/', upstream: 'shop' }]
    })
    await until('it serves', async () => (await send(keepAliveAgent(t), url)).status === 200)
    const view = await viewOf(adminUrl, a)
    assert.deepEqual([view?.source, view?.health], ['discovery', 'healthy'])
    assert.equal((await call(adminUrl, 'DELETE', idOf(a))).status, 409)
    names.set('shop.internal', { A: [{ address: '127.0.0.9', ttl: 1 }] })
    await until('it has gone', async () => (await viewOf(adminUrl, a)) === undefined)
  })
})
