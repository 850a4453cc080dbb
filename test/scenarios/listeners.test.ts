import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { type RawConfig, startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { keepAliveAgent, send } from '../helpers/load.ts'
import { closedPort, startMisbehavingBackend } from '../helpers/misbehaving-backend.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const REQUEST = 'GET /fast HTTP/1.1\r\nHost: gateway.test\r\n\r\n'

for (const workers of WORKER_COUNTS) {
  test(`listeners follow the configuration, with ${workers} workers`, async (t) => {
    const [fast, slow] = [await startBackend(t, 'fast'), await startHoldingBackend(t, 'slow')]
    const odd = await startMisbehavingBackend(t)
    const configOf = (rest: RawConfig): RawConfig => ({
      upstreams: {
        fast: { backends: [fast.url] },
        slow: { backends: [slow.url] },
        odd: { backends: [odd.url] }
      },
      routes: ['fast', 'slow', 'odd'].map((upstream) => ({ path: `/${upstream}`, upstream, rewrite: '/' })),
      ...rest
    })
    const { gateway, url, write } = await startGateway(t, configOf({}), { workers })
    const applied = async (rest: RawConfig): Promise<void> => {
      await write(configOf(rest))
      const { outcome, errors } = await gateway.reload('admin')
      assert.equal(outcome, 'applied', errors.join('\n'))
    }
    const oldPort = Number(new URL(url).port)

    await t.test(
      'unchanged settings leave the connection alone, port 0 written out included',
      async (sub) => {
        const client = await rawClient(sub, url)
        for (const server of [{}, { port: oldPort }, { port: oldPort, stallTimeout: '20s' }]) {
          client.write(REQUEST)
          await until('it is answered', () => client.text().split('200 OK').length > 1)
          await write(configOf({ server }))
          const { outcome, errors } = await gateway.reload('admin')
          assert.notEqual(outcome, 'failed', errors.join('\n'))
        }
        client.write(REQUEST)
        await until('all are answered', () => client.text().split('200 OK').length === 5)
        assert.equal(gateway.url, url)
      }
    )

    await t.test('a port that is taken changes nothing', async () => {
      await write(configOf({ server: { port: fast.port } }))
      const { outcome, errors } = await gateway.reload('admin')
      assert.equal(outcome, 'failed')
      assert.deepEqual(errors, [`cannot listen on 127.0.0.1:${fast.port}: the port is in use`])
      assert.equal((await exchange(`${url}/fast`)).status, 200)
    })

    await t.test('a new port serves, the old one ends with its requests', async (sub) => {
      const idle = await rawClient(sub, url)
      idle.write(REQUEST)
      await idle.untilText('200 OK')
      const joined = await rawClient(sub, url)
      joined.write(upgradeRequest('/odd/echo'))
      await joined.untilText('101 Switching Protocols')
      const busy = await rawClient(sub, url)
      busy.write(REQUEST.replace('/fast', '/slow'))
      await until('it is under way', () => slow.held() === 1)

      const port = Number(new URL(await closedPort()).port)
      await applied({ server: { port } })
      assert.equal(gateway.url, `http://127.0.0.1:${port}`)
      assert.equal((await exchange(`${gateway.url}/fast`)).status, 200)
      await assert.rejects(exchange(`${url}/fast`), { code: 'ECONNREFUSED' })
      await idle.closed

      slow.release()
      await busy.untilText('200 OK')
      await busy.closed
      joined.write('still there')
      await joined.untilText('still there')
      joined.socket.end()
    })

    await t.test('a stop cuts what is left on an old port', async (sub) => {
      slow.hold()
      const held = send(keepAliveAgent(sub), `${gateway.url}/slow`)
      const joined = await rawClient(sub, gateway.url)
      joined.write(upgradeRequest('/odd/echo'))
      await joined.untilText('101 Switching Protocols')
      await until('it is under way', () => slow.held() === 1)
      await applied({ server: { port: Number(new URL(await closedPort()).port) } })
      const { cut } = await gateway.stop(100)
      assert.equal(cut, 2)
      assert.equal((await held).status, 0)
      await joined.closed
    })
  })
}

test('the admin listener follows as well', async (t) => {
  const { gateway, adminUrl, write } = await startGateway(t, {})
  const port = Number(new URL(await closedPort()).port)
  await write({ admin: { port } })
  // Asked for over the connection that is about to end: its answer comes all the same.
  const answer = await exchange(`${adminUrl}/api/config/reload`, { method: 'POST' })
  assert.equal(answer.status, 200, answer.body)
  assert.equal(gateway.adminUrl, `http://127.0.0.1:${port}`)
  assert.equal((await exchange(`${gateway.adminUrl}/healthz`)).status, 200)
  await assert.rejects(exchange(`${adminUrl}/healthz`), { code: 'ECONNREFUSED' })
})
