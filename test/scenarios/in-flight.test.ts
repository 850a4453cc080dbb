import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test, type TestContext } from 'node:test'
import { inFlight, startGateway, untilIdle, WORKER_COUNTS } from '../helpers/gateway.ts'
import { keepAliveAgent, send } from '../helpers/load.ts'
import { closedPort, startMisbehavingBackend } from '../helpers/misbehaving-backend.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

for (const workers of WORKER_COUNTS) {
  test(`whatever ends a request, its backend's count and its group's go back to 0, with ${workers} workers`, async (t) => {
    const backend = await startMisbehavingBackend(t)
    const { gateway, url, group } = await startGateway(
      t,
      {
        upstreams: {
          odd: { backends: [backend.url], concurrency: {} },
          gone: { backends: [await closedPort()], concurrency: {} }
        },
        routes: [
          { path: '/impatient', upstream: 'odd', rewrite: '/', timeouts: { response: '100ms' } },
          { path: '/gone', upstream: 'gone' },
          { path: '/', upstream: 'odd' }
        ]
      },
      { workers }
    )
    const agent = keepAliveAgent(t)
    const held = (count: number): Promise<void> =>
      until(`${count} in flight`, async () => (await inFlight(gateway)) === count)

    const check = (name: string, body: (t: TestContext) => Promise<void>): Promise<void> =>
      t.test(name, async (sub) => {
        await body(sub)
        await untilIdle(gateway)
        await until('nothing counts as under way', async () => {
          const groups = await Promise.all([group('odd'), group('gone')])
          return groups.every(({ concurrency }) => concurrency!.underWay === 0)
        })
      })

    await check('it is done', async () => {
      assert.equal((await send(agent, `${url}/ok`)).status, 200)
    })

    await check('it is done after an upload', async () => {
      const outcome = await send(agent, `${url}/swallow`, { method: 'POST', body: 'x'.repeat(500_000) })
      assert.deepEqual([outcome.status, outcome.body], [200, 'swallowed'])
    })

    await check('the backend resets before its response', async () => {
      assert.equal((await send(agent, `${url}/reset`)).status, 502)
    })

    await check('the backend resets in the middle of its response', async () => {
      const outcome = await send(agent, `${url}/cut`)
      assert.equal(outcome.status, 0, 'the client sees that it broke off')
    })

    await check('the connection is refused', async () => {
      assert.equal((await send(agent, `${url}/gone`)).status, 502)
    })

    await check('the response comes too late', async () => {
      assert.equal((await send(agent, `${url}/impatient/never`)).status, 504)
    })

    await check('the client leaves before the response', async () => {
      const outgoing = request(`${url}/never`)
      outgoing.on('error', () => {})
      outgoing.end()
      await held(1)
      outgoing.destroy()
    })

    await check('the client leaves in the middle of the response', async () => {
      const outgoing = request(`${url}/endless`)
      outgoing.on('error', () => {})
      outgoing.on('response', (response) => {
        response.on('error', () => {})
        response.once('data', () => outgoing.destroy())
      })
      outgoing.end()
      await until('the client has left', () => outgoing.destroyed)
    })

    await check('the client leaves in the middle of its upload', async (sub) => {
      const client = await rawClient(sub, url)
      client.write('POST /swallow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegun')
      await held(1)
      client.socket.destroy()
    })

    await check('an upgraded connection is closed by the client', async (sub) => {
      const client = await rawClient(sub, url)
      client.write(upgradeRequest('/echo'))
      await client.untilText('101 Switching Protocols')
      client.write('hello')
      await client.untilText('hello')
      await held(1)
      client.socket.end()
      await client.closed
    })

    await check('an upgraded connection is broken by the client', async (sub) => {
      const client = await rawClient(sub, url)
      client.write(upgradeRequest('/echo'))
      await client.untilText('101 Switching Protocols')
      await held(1)
      client.socket.resetAndDestroy()
    })

    await check('an upgraded connection is closed by the backend', async (sub) => {
      const client = await rawClient(sub, url)
      client.write(upgradeRequest('/upgrade-and-leave'))
      await client.untilText('bye')
      client.socket.end()
      await client.closed
    })

    await check('the backend refuses the upgrade', async (sub) => {
      const client = await rawClient(sub, url)
      client.write(upgradeRequest('/refuse-upgrade'))
      await client.untilText('400 Bad Request')
      await client.closed
    })
  })
}
