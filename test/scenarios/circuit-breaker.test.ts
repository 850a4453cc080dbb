import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { collectEvents, startGateway, WORKER_COUNTS } from '../helpers/gateway.ts'
import { exchange } from '../helpers/exchange.ts'
import { keepAliveAgent, type Outcome, send, startLoad } from '../helpers/load.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { until } from '../helpers/until.ts'

describe('a circuit breaker', { concurrency: 3 }, () => {
  for (const workers of WORKER_COUNTS) {
    test(`opens, lets a trickle through, and closes, with ${workers} workers`, async (t) => {
      let mood: 'failing' | 'holding' | 'well' = 'failing'
      const held: ServerResponse[] = []
      const backend = await startBackend(t, 'a', (_request, response) => {
        if (mood === 'failing') response.writeHead(500).end()
        else if (mood === 'well') response.end('a')
        else held.push(response)
      })
      const { log, lines } = collectLog('info')
      const { gateway, url } = await startGateway(
        t,
        {
          log: { level: 'info', access: false },
          upstreams: {
            catalog: {
              backends: [backend.url],
              circuitBreaker: { minRequests: 10, window: '60s', openFor: '1s' }
            }
          },
          routes: [{ path: '/', upstream: 'catalog' }]
        },
        { workers, log }
      )
      const events = collectEvents(gateway, 'breaker')
      const isState = (state: string) => () => events.at(-1)?.to === state

      const load = startLoad(keepAliveAgent(t), url, 100)
      await until('it has opened', isState('open'))
      const refused = await exchange(url)
      assert.equal(refused.status, 503)
      assert.ok(Number(refused.headers['retry-after']) >= 1)
      assert.equal(refused.headers['content-type'], 'application/problem+json')
      await load.stop()
      const opened = events[0]!
      assert.deepEqual(
        [opened.group, opened.from, opened.reason, opened.failurePercent],
        ['catalog', 'closed', 'failure_percent', 100]
      )

      await until('it lets some through', isState('half-open'))
      assert.equal((await send(keepAliveAgent(t), url)).status, 500, 'the trial')
      await until('it is open again', isState('open'))
      assert.equal(events.at(-1)?.reason, 'trial_failed')
      mood = 'holding'
      await until('it lets some through again', isState('half-open'))
      const before = backend.requests()
      // On connections of their own: the system deals them out to the threads. Of two that come in the same instant
      // for the last place, neither may get it.
      const answers: Promise<Outcome>[] = []
      await until('three are there', async () => {
        answers.push(send(keepAliveAgent(t), url))
        await delay(20)
        return held.length === 3
      })
      const others = await Promise.all(Array.from({ length: 9 }, () => send(keepAliveAgent(t), url)))
      assert.ok(
        others.every(({ status }) => status === 503),
        'while three try, nobody else does'
      )
      assert.equal(backend.requests() - before, 3)
      mood = 'well'
      for (const response of held) response.end('a')
      const passed = (await Promise.all(answers)).filter(({ status }) => status === 200)
      assert.equal(passed.length, 3)
      await until('it has closed', isState('closed'))
      assert.equal(events.at(-1)?.reason, 'trials_passed')
      assert.equal((await send(keepAliveAgent(t), url)).status, 200)
      const told = lines('circuit breaker changed').map(({ level, from, to, reason }) => [
        level,
        from,
        to,
        reason
      ])
      assert.deepEqual(told, [
        [40, 'closed', 'open', 'failure_percent'],
        [30, 'open', 'half-open', 'time_passed'],
        [40, 'half-open', 'open', 'trial_failed'],
        [30, 'open', 'half-open', 'time_passed'],
        [30, 'half-open', 'closed', 'trials_passed']
      ])
    })
  }
})
