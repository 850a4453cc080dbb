import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { startChildGateway } from '../helpers/child-gateway.ts'
import { exchange } from '../helpers/exchange.ts'
import { type RawConfig, WORKER_COUNTS } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { failures, keepAliveAgent, send, startLoad } from '../helpers/load.ts'
import { startMisbehavingBackend } from '../helpers/misbehaving-backend.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

function configOf(upstreams: Record<string, { url: string }>, shutdown: object): RawConfig {
  return {
    server: { shutdown },
    upstreams: Object.fromEntries(
      Object.entries(upstreams).map(([name, { url }]) => [name, { backends: [url] }])
    ),
    routes: Object.keys(upstreams).map((upstream) => ({ path: `/${upstream}`, upstream, rewrite: '/' }))
  }
}

async function isRefused(url: string): Promise<boolean> {
  try {
    await exchange(url)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
  }
}

const REQUEST = 'GET /fast HTTP/1.1\r\nHost: gateway.test\r\n\r\n'

describe('a stop', { concurrency: 2 }, () => {
  for (const workers of WORKER_COUNTS) {
    test(`SIGTERM under load cuts nothing, with ${workers} workers`, async (t) => {
      const [fast, slow] = [await startBackend(t, 'fast'), await startHoldingBackend(t, 'slow')]
      const config = configOf({ fast, slow }, { delay: '3s', timeout: '60s' })
      const gateway = await startChildGateway(t, config, workers)
      const held = Array.from({ length: 8 }, () => send(keepAliveAgent(t), `${gateway.url}/slow`))
      const load = startLoad(keepAliveAgent(t), `${gateway.url}/fast`, 50)
      const kept = await rawClient(t, gateway.url)
      kept.write(REQUEST)
      await kept.untilText('fast')
      assert.doesNotMatch(kept.text(), /connection: close/i)
      const idle = await rawClient(t, gateway.url)
      idle.write(REQUEST)
      await idle.untilText('fast')
      await until('there is load', () => slow.held() === 8 && load.outcomes.length > 10)

      gateway.kill('SIGTERM')
      await until('it is not ready', async () => {
        const { status, body } = await exchange(`${gateway.adminUrl}/readyz`)
        return status === 503 && (JSON.parse(body) as { reason: string }).reason === 'stopping'
      })
      kept.write(REQUEST)
      await kept.closed
      assert.match(kept.text(), /\r\nConnection: close\r\n/i, 'clients are sent away')
      const before = load.outcomes.length
      await until('it still serves', () => load.outcomes.length > before + 10)
      assert.deepEqual(failures(await load.stop()), [])

      await idle.closed
      await until('nobody listens any more', async () => await isRefused(`${gateway.url}/fast`))
      slow.release()
      assert.deepEqual(failures(await Promise.all(held)), [])
      assert.deepEqual(await gateway.ended, { code: 0, signal: null })
    })

    // One worker cuts as two do, and a process of its own is dear.
    const skip = workers === 1
    test(`what is left at the timeout is cut, with ${workers} workers`, { skip }, async (t) => {
      const [odd, slow] = [await startMisbehavingBackend(t), await startHoldingBackend(t, 'slow')]
      const config = configOf({ odd, slow }, { delay: '0s', timeout: '600ms' })
      const gateway = await startChildGateway(t, config, workers)
      const held = send(keepAliveAgent(t), `${gateway.url}/slow`)
      const download = send(keepAliveAgent(t), `${gateway.url}/odd/endless`)
      const joined = await rawClient(t, gateway.url)
      joined.write(upgradeRequest('/odd/echo'))
      await joined.untilText('101 Switching Protocols')
      await until('all is under way', () => slow.held() === 1 && odd.requests() === 1)

      const start = performance.now()
      gateway.kill('SIGTERM')
      const ends = await Promise.all([held, download])
      assert.deepEqual(
        ends.map(({ status }) => status),
        [0, 0],
        'nobody takes a part for the whole'
      )
      await joined.closed
      assert.ok(performance.now() - start >= 500, 'they had their time')
      assert.deepEqual(await gateway.ended, { code: 1, signal: null })
    })
  }

  test('a second SIGTERM ends it at once', async (t) => {
    const slow = await startHoldingBackend(t, 'slow')
    const gateway = await startChildGateway(t, configOf({ slow }, { delay: '50s', timeout: '100s' }), 1)
    const held = send(keepAliveAgent(t), `${gateway.url}/slow`)
    await until('it is under way', () => slow.held() === 1)
    gateway.kill('SIGTERM')
    await until('it stops', async () => (await exchange(`${gateway.adminUrl}/readyz`)).status === 503)
    gateway.kill('SIGTERM')
    assert.deepEqual(await gateway.ended, { code: 1, signal: null })
    assert.equal((await held).status, 0)
  })

  test('a second SIGINT ends it at once, but for one that comes with the first: npm passes on what a terminal tells all', async (t) => {
    const slow = await startHoldingBackend(t, 'slow')
    const gateway = await startChildGateway(t, configOf({ slow }, { delay: '50s', timeout: '100s' }), 0)
    const held = send(keepAliveAgent(t), `${gateway.url}/slow`)
    await until('it is under way', () => slow.held() === 1)
    gateway.kill('SIGINT')
    await delay(30)
    gateway.kill('SIGINT')
    await delay(700)
    assert.equal((await exchange(`${gateway.adminUrl}/readyz`)).status, 503)
    gateway.kill('SIGINT')
    assert.deepEqual(await gateway.ended, { code: 1, signal: null })
    assert.equal((await held).status, 0)
  })

  test('an idle gateway stops at once on SIGINT', async (t) => {
    const gateway = await startChildGateway(t, configOf({}, { delay: '0s', timeout: '60s' }), 0)
    gateway.kill('SIGINT')
    assert.deepEqual(await gateway.ended, { code: 0, signal: null })
  })
})
