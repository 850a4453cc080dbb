import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { crashWorker, CRASHING_WORKER } from '../helpers/crash-worker.ts'
import {
  collectEvents,
  type RawConfig,
  startGateway,
  type TestGateway,
  type TestGatewayOptions,
  WORKER_COUNTS
} from '../helpers/gateway.ts'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { type HoldingBackend, startHoldingBackend } from '../helpers/holding-backend.ts'
import { keepAliveAgent, type Outcome, send } from '../helpers/load.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { startUpgradeBackend } from '../helpers/upgrade-backend.ts'
import { until } from '../helpers/until.ts'

/** A group with three routes, one of each priority, in front of a backend that holds what it gets. */
function configOf(backend: HoldingBackend, concurrency: RawConfig): RawConfig {
  return {
    upstreams: { catalog: { backends: [backend.url], concurrency } },
    routes: [
      { name: 'critical', path: '/critical', upstream: 'catalog', priority: 'critical' },
      { name: 'normal', path: '/normal', upstream: 'catalog' },
      { name: 'sheddable', path: '/sheddable', upstream: 'catalog', priority: 'sheddable' }
    ]
  }
}

/** Sends a request on a connection of its own: the system deals them out to the threads. */
function ask(t: TestContext, url: string): Promise<Outcome> {
  return send(keepAliveAgent(t), url)
}

/**
 * Sends requests, each when it is known what became of the last one, until exactly so many are held.
 *
 * @returns Waits for the answers to those that are held.
 */
async function fill(
  t: TestContext,
  url: string,
  backend: HoldingBackend,
  held: number
): Promise<() => Promise<Outcome[]>> {
  const asked: Promise<Outcome>[] = []
  while (backend.held() < held) {
    const before = backend.held()
    let isRefused = false
    const one = ask(t, url)
    void one.then(() => (isRefused = true))
    await until('it is held, or refused', () => isRefused || backend.held() > before)
    if (!isRefused) asked.push(one)
  }
  assert.equal(backend.held(), held)
  return () => Promise.all(asked)
}

const underWay = async ({ group }: TestGateway): Promise<number | undefined> =>
  (await group('catalog')).concurrency?.underWay

describe('a group with a concurrency limit', { concurrency: 3 }, () => {
  for (const workers of WORKER_COUNTS) {
    test(`lets so many await their response, over ${workers} workers`, async (t) => {
      const backend = await startHoldingBackend(t, 'a')
      const gateway = await startGateway(t, configOf(backend, { mode: 'static', max: 5 }), { workers })
      await fill(t, `${gateway.url}/normal`, backend, 5)
      assert.deepEqual((await gateway.group('catalog')).concurrency, { underWay: 5, limit: 5 })
      const others = await Promise.all(Array.from({ length: 12 }, () => ask(t, `${gateway.url}/normal`)))
      assert.ok(others.every(({ status }) => status === 503))
      assert.equal(backend.held(), 5)
      const refused = await exchange(`${gateway.url}/normal`)
      assert.equal(refused.headers['content-type'], 'application/problem+json')
      assert.ok(Number(refused.headers['retry-after']) >= 1)
      backend.release()
      await until('all have their places back', async () => (await underWay(gateway)) === 0)
      assert.equal((await ask(t, `${gateway.url}/normal`)).status, 200)
    })

    test(`refuses sheddable ones before normal ones before critical ones, with ${workers} workers`, async (t) => {
      const backend = await startHoldingBackend(t, 'a')
      const { url } = await startGateway(t, configOf(backend, { mode: 'static', max: 6 }), { workers })
      await fill(t, `${url}/critical`, backend, 2)
      await fill(t, `${url}/normal`, backend, 6)
      // What critical ones need is kept from now on.
      assert.equal((await ask(t, `${url}/normal`)).status, 503)
      backend.release()
      await until('they are answered', () => backend.held() === 0)
      backend.hold()
      assert.equal((await ask(t, `${url}/sheddable`)).status, 503)
      await fill(t, `${url}/normal`, backend, 4)
      assert.equal((await ask(t, `${url}/normal`)).status, 503)
      assert.equal((await ask(t, `${url}/sheddable`)).status, 503)
      const critical = await fill(t, `${url}/critical`, backend, 6)
      backend.release()
      const statuses = (await critical()).map(({ status }) => status)
      assert.deepEqual(statuses, [200, 200])
    })
  }

  test('says so once when it begins and once when it is over, and each line its reason', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const { log, lines } = collectLog('info')
    const config = { ...configOf(backend, { mode: 'static', max: 1 }), log: { level: 'info' } }
    const { gateway, url } = await startGateway(t, config, { log })
    const events = collectEvents(gateway, 'overload')
    await fill(t, `${url}/normal`, backend, 1)
    for (let count = 0; count < 3; count++) await ask(t, `${url}/sheddable`)
    await until('it is told', () => events.length === 1)
    backend.release()
    await until('it is over', () => events.length === 2)
    assert.deepEqual(
      events.map(({ group, state, limit }) => ({ group, state, limit })),
      [
        { group: 'catalog', state: 'shedding', limit: 1 },
        { group: 'catalog', state: 'over', limit: 1 }
      ]
    )
    assert.deepEqual(events[1]!.refused, { critical: 0, normal: 0, sheddable: 3 })
    assert.equal(lines('a group sheds load').length, 1)
    assert.equal(lines('a group sheds no load any more').length, 1)
    assert.equal(lines('request').filter(({ reason }) => reason === 'overloaded').length, 3)
  })

  test('refuses an upload before any of its body came', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const { url } = await startGateway(t, configOf(backend, { mode: 'static', max: 1 }))
    await fill(t, `${url}/normal`, backend, 1)
    const client = await rawClient(t, url)
    client.write('POST /normal HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 1000\r\n\r\n')
    await client.untilText('HTTP/1.1 503 ')
    assert.match(client.text(), /retry-after: 1\r\n/i)
  })

  test('a response that has begun, be it for ever, holds no place', async (t) => {
    const [stream, echo] = [
      await startBackend(t, 'stream', (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: 1\n\n')
      }),
      await startUpgradeBackend(t)
    ]
    const gateway = await startGateway(t, {
      upstreams: {
        catalog: { backends: [stream.url], concurrency: { mode: 'static', max: 1 } },
        echo: { backends: [echo.url], concurrency: { mode: 'static', max: 1 } }
      },
      routes: [
        { path: '/stream', upstream: 'catalog' },
        { path: '/', upstream: 'echo' }
      ]
    })
    for (let count = 0; count < 2; count++) {
      const reader = await rawClient(t, gateway.url)
      reader.write('GET /stream HTTP/1.1\r\nHost: gateway.test\r\n\r\n')
      await reader.untilText('data: 1')
      const upgraded = await rawClient(t, gateway.url)
      upgraded.write(upgradeRequest('/'))
      await upgraded.untilText('HTTP/1.1 101 ')
    }
    assert.equal(await underWay(gateway), 0)
    assert.equal((await gateway.group('echo')).concurrency?.underWay, 0)
  })

  test('a worker that dies gives its places back', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const options: TestGatewayOptions = { workers: 2, workerEntry: CRASHING_WORKER, workerHeap: 96 }
    const gateway = await startGateway(t, configOf(backend, { mode: 'static', max: 8 }), options)
    await fill(t, `${gateway.url}/normal`, backend, 8)
    crashWorker({ row: 0, what: 'throw' })
    crashWorker({ row: 1, what: 'throw' })
    await until('all places are free', async () => (await underWay(gateway)) === 0)
  })

  test('a reload keeps the count, and a lower limit holds for those who come', async (t) => {
    const backend = await startHoldingBackend(t, 'a')
    const gateway = await startGateway(t, configOf(backend, { mode: 'static', max: 4 }), { workers: 2 })
    await fill(t, `${gateway.url}/normal`, backend, 3)
    await gateway.write(configOf(backend, { mode: 'static', max: 3 }))
    assert.equal((await gateway.gateway.reload('admin')).outcome, 'applied')
    assert.deepEqual((await gateway.group('catalog')).concurrency, { underWay: 3, limit: 3 })
    assert.equal((await ask(t, `${gateway.url}/normal`)).status, 503)
  })
})

test('a thread whose event loop is late refuses all but critical requests', async (t) => {
  const backend = await startHoldingBackend(t, 'a')
  backend.release()
  const config = {
    server: { limits: { maxEventLoopDelay: '100ms' } },
    ...configOf(backend, { mode: 'static', max: 100 })
  }
  const { url } = await startGateway(t, config)
  // The gateway is on this thread. In between the limit and twice the limit, with room for what else the machine does.
  let late = 130
  const block = setInterval(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, late), 1)
  t.after(() => clearInterval(block))
  await until('normal ones are refused', async () => (await ask(t, `${url}/normal`)).status === 503)
  assert.equal((await ask(t, `${url}/nowhere`)).status, 503)
  // A busy machine may make it twice as late for a while: then these are refused too, as they should be.
  await until('critical ones are served', async () => (await ask(t, `${url}/critical`)).status === 200)
  assert.equal((await ask(t, `${url}/normal`)).status, 503, 'while others are not')
  late = 260
  await until('nor are they beyond', async () => (await ask(t, `${url}/critical`)).status === 503)
  clearInterval(block)
  await until('and no longer', async () => (await ask(t, `${url}/normal`)).status === 200)
})
