import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { WORKER_COUNTS } from '../helpers/gateway.ts'
import { assertLine } from '../helpers/lab.ts'
import { failures, keepAliveAgent, startLoad } from '../helpers/load.ts'
import { until } from '../helpers/until.ts'
import { labConfig, once, startRateLimitLab } from './rate-limiting-lab.ts'

/** Milliseconds that bring one request, and what may come at once. */
const [INTERVAL, BURST] = [50, 5]

suite('rate limits over threads', { concurrency: 3 }, () => {
  for (const workers of WORKER_COUNTS) {
    test(`hold exactly over all threads and connections, with ${workers} workers`, async (t) => {
      const quick = { limit: 1, per: `${INTERVAL}ms`, burst: BURST }
      const limits = {
        rateLimit: once(50),
        routes: [
          { name: 'narrow', path: '/narrow', upstream: 'lab', rateLimit: once(5) },
          { name: 'quick', path: '/quick', upstream: 'lab', rateLimit: quick },
          { name: 'wide', path: '/', upstream: 'lab' }
        ]
      }
      const lab = await startRateLimitLab(t, limits, { workers })
      const { admitted, backend, gateway, url, write } = lab
      const config = labConfig(backend.url, limits, workers)

      await t.test('exactly a burst comes through, and others have one of their own', async () => {
        assert.equal((await admitted(80)) + (await admitted(40)), 50)
        assert.equal(backend.requests(), 50)
        assert.equal(await admitted(20, '/', { from: '192.0.2.2' }), 20)
      })

      await t.test('a refusal by the route costs nothing of the gateway', async () => {
        const from = '192.0.2.3'
        // One after the other: what is taken for a moment is taken.
        let count = 0
        for (let sent = 0; sent < 25; sent++) count += await admitted(1, '/narrow', { from })
        assert.equal(count, 5)
        assert.equal(await admitted(60, '/', { from }), 45)
      })

      await t.test('what comes back comes evenly: never more than burst + t × limit ÷ per', async () => {
        const from = '192.0.2.4'
        const begin = performance.now()
        let count = 0
        while (performance.now() - begin < 500) count += await admitted(3, '/quick', { from })
        const most = BURST + (performance.now() - begin) / INTERVAL
        assert.ok(count > BURST && count <= most, `${count} came through, at most ${most} may`)
      })

      await t.test('a pause brings a whole burst, and no more', async () => {
        const from = '192.0.2.5'
        await admitted(2 * BURST, '/quick', { from })
        await delay(3 * BURST * INTERVAL)
        const begin = performance.now()
        const count = await admitted(20, '/quick', { from })
        const most = BURST + (performance.now() - begin) / INTERVAL
        assert.ok(count >= BURST && count <= most, `${count} came through, at most ${most} may`)
      })

      await t.test('exactly a burst comes through while generations come and go', async () => {
        const load = startLoad(keepAliveAgent(t), url, 200, { headers: { 'x-forwarded-for': '192.0.2.6' } })
        for (let turn = 0; turn < 3; turn++) {
          const upstreams = {
            lab: { backends: [backend.url] },
            [`other-${turn}`]: { backends: [backend.url] }
          }
          await write({ ...config, upstreams })
          // The watch may have been first.
          assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
        }
        await until('enough was sent', () => load.outcomes.length > 70)
        const outcomes = await load.stop()
        assert.equal(outcomes.filter(({ status }) => status === 200).length, 50)
        assert.equal(failures(outcomes).filter(({ status }) => status !== 429).length, 0)
        assert.equal(await admitted(20), 0, 'whom the first one denied stays denied')
      })
    })
  }
})

suite('rate limits', { concurrency: 4 }, () => {
  test('tell clients apart by address, of IPv6 by the first 64 bits', async (t) => {
    const { admitted } = await startRateLimitLab(t, { rateLimit: once(2) })
    const from = (address: string, count = 3): Promise<number> => admitted(count, '/', { from: address })
    assert.equal(await from('192.0.2.1'), 2)
    assert.equal(await from('::ffff:192.0.2.1'), 0, 'it is the same client')
    assert.equal(await from('192.0.2.2'), 2)
    assert.equal(await from('2001:db8:0:1::1', 1), 1)
    assert.equal(await from('2001:DB8:0:1:ffff:ffff::2', 2), 1)
    assert.equal(await from('2001:db8:0:1:9::', 1), 0)
    assert.equal(await from('2001:db8:0:2::1'), 2)
  })

  test('tell clients apart by a header, and those without one by address', async (t) => {
    const { admitted, ask } = await startRateLimitLab(t, { rateLimit: once(2, { key: 'header:x-user' }) })
    const as = (user: string | undefined, from: string): Promise<number> =>
      admitted(1, '/', { from, headers: user === undefined ? {} : { 'x-user': user } })
    assert.deepEqual([await as('ann', '192.0.2.1'), await as('ann', '192.0.2.2')], [1, 1])
    assert.equal(await as('ann', '192.0.2.3'), 0)
    assert.equal(await as('bob', '192.0.2.1'), 1)
    assert.deepEqual([await as(undefined, '192.0.2.1'), await as('', '192.0.2.1')], [1, 1])
    assert.equal(await as(undefined, '192.0.2.1'), 0)
    assert.equal(await as(undefined, '192.0.2.2'), 1)
    assert.equal(await as('192.0.2.1', '192.0.2.9'), 1, 'a value can not be somebody who has none')
    assert.equal((await ask('/', { from: '192.0.2.1' })).status, 429)
  })

  test('tell clients apart by a cookie, and by several parts together', async (t) => {
    const { ask } = await startRateLimitLab(t, {
      rateLimit: [
        once(2, { key: 'cookie:sid', name: 'session' }),
        once(1, { key: ['header:x-one', 'header:x-two'], name: 'both' })
      ]
    })
    const as = async (sid: string, one: string, two: string): Promise<string> => {
      const headers = { cookie: `a=b; sid=${sid}`, 'x-one': one, 'x-two': two }
      const { status, headers: told } = await ask('/', { headers })
      return `${status} ${/"[^"]*";r=0/.exec(String(told['ratelimit']))?.[0]}`
    }
    assert.equal(await as('s', 'a', 'bc'), '200 "both";r=0')
    assert.equal(await as('t', 'a', 'bc'), '429 "both";r=0')
    assert.equal(await as('s', 'ab', 'c'), '200 "session";r=0')
    assert.equal(await as('s', 'abc', 'c'), '429 "session";r=0')
    assert.equal(await as('t', 'abc', 'c'), '200 "both";r=0', 'what was refused has cost nothing')
  })

  test('are not for whom they allow', async (t) => {
    const rateLimit = once(1, { allow: ['192.0.2.0/24', '2001:db8::/32'] })
    const { admitted, ask } = await startRateLimitLab(t, { rateLimit })
    assert.equal(await admitted(10), 10)
    assert.equal(await admitted(10, '/', { from: '2001:db8:7::1' }), 10)
    const { headers } = await ask()
    assert.deepEqual([headers['ratelimit'], headers['ratelimit-policy']], [undefined, undefined])
    assert.equal(await admitted(10, '/', { from: '198.51.100.1' }), 1)
  })

  test('that only report let everything through, and the log says whom they would have stopped', async (t) => {
    const { ask, nextLine } = await startRateLimitLab(t, {
      rateLimit: once(1, { dryRun: true, name: 'trial' }),
      route: { rateLimit: once(2) }
    })
    for (const [status, limit, dryRunLimit] of [
      [200, undefined, undefined],
      [200, undefined, 'trial'],
      [429, 'lab', 'trial']
    ] as const) {
      const answer = await ask('/path?secret=1')
      assert.equal(answer.status, status)
      assert.doesNotMatch(
        `${String(answer.headers['ratelimit'])}${String(answer.headers['ratelimit-policy'])}`,
        /trial/
      )
      const reason = status === 429 ? 'rate_limited' : undefined
      assertLine(await nextLine(), { status, limit, dryRunLimit, reason, route: 'lab', path: '/path' })
    }
  })

  test("count a request at what it costs: of the gateway's times what its route does", async (t) => {
    const { admitted } = await startRateLimitLab(t, {
      rateLimit: once(20, { cost: 2 }),
      routes: [
        { name: 'dear', path: '/dear', upstream: 'lab', cost: 5 },
        { name: 'own', path: '/own', upstream: 'lab', rateLimit: once(10, { cost: 5 }) },
        { name: 'plain', path: '/', upstream: 'lab' }
      ]
    })
    assert.equal(await admitted(3, '/dear', { from: '192.0.2.1' }), 2)
    assert.equal(await admitted(12, '/', { from: '192.0.2.2' }), 10)
    assert.equal(await admitted(1, '/dear', { from: '192.0.2.3' }), 1)
    assert.equal(await admitted(12, '/', { from: '192.0.2.3' }), 5)
    assert.equal(await admitted(1, '/own', { from: '192.0.2.4' }), 1)
    assert.equal(await admitted(3, '/own', { from: '192.0.2.4' }), 1)
  })
})
