import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { collectEvents, startGateway, untilIdle } from '../../../helpers/gateway.ts'
import { until } from '../../../helpers/until.ts'
import { Chance, firstSeed, inLanes, withSeed } from './chance.ts'
import { damagedBytes } from './damaged-client.ts'
import { Expectations } from './expectations.ts'
import { pieces, writePieces } from './pieces.ts'
import { memory, openSockets } from './resources.ts'
import { StrictClient } from './strict-client.ts'
import { valuesOf } from './strict-fields.ts'
import { answerSerial, startStrictOrigin, type StrictOrigin } from './strict-origin.ts'
import { readClient } from './strict-request.ts'

/** How much to send. */
export interface FuzzExtent {
  /** Of the first connection, unless the environment names another. */
  readonly seed: number
  /** Damaged requests. */
  readonly requests: number
  /** When to stop, at the latest; connections under way end. */
  readonly milliseconds: number
  readonly workers?: number
}

const LANES = 12
/** How long a client that waits for more than comes does so, in milliseconds. */
const PATIENCE = 30
/** What may be in use more at the end than after a quarter of the work, in MiB. */
const MAX_GROWTH = 64
/** Heap of a worker, in MiB: one that leaks dies of it. */
const WORKER_HEAP = 64
/** Kept-alive connections of the tests' own, at the admin API. */
const OTHER_SOCKETS = 20

/** Sends damaged requests through a gateway. @throws AssertionError when it does anything that it must not. */
export async function fuzzRequests(t: TestContext, extent: FuzzExtent): Promise<void> {
  const { workers = 0 } = extent
  const unexpected: string[] = []
  const origin = await startStrictOrigin(t, (arrival, socket) => {
    if (!expected.take(arrival.request)) unexpected.push(JSON.stringify(arrival.request).slice(-2000))
    answerSerial(arrival, socket)
  })
  const expected = new Expectations(new URL(origin.url).host)
  const { gateway, url } = await startGateway(
    t,
    {
      upstreams: { origin: { backends: [origin.url], retry: { attempts: 1 } } },
      routes: [{ path: '/', upstream: 'origin' }]
    },
    { workers, workerHeap: WORKER_HEAP }
  )
  const workerEvents = collectEvents(gateway, 'worker')
  let broken = 0
  const judgeBroken = (): void => {
    for (const head of origin.broken.splice(0)) {
      broken++
      if (!expected.knowsHead(head)) unexpected.push(`in part: ${JSON.stringify(head)}`)
    }
  }
  const first = firstSeed(extent.seed)
  const began = performance.now()
  let requests = 0
  const send = async (index: number): Promise<void> => {
    await withSeed(first + index, async () => {
      const count = await checkConnection(url, origin, expected, first + index)
      requests += count
      judgeBroken()
      assert.deepEqual([origin.violations, unexpected], [[], []], 'what has arrived at the origin')
    })
  }
  // Each connection has 2.5 requests on average.
  const connections = Math.ceil(extent.requests / 2.3)
  const quarter = await inLanes(LANES, connections / 4, began + extent.milliseconds / 4, send)
  const before = memory()
  const rest = await inLanes(LANES, connections - quarter, began + extent.milliseconds, (index) =>
    send(quarter + index)
  )

  await untilIdle(gateway)
  await until('the gateway has closed the sockets of its clients', () => {
    return openSockets() <= 2 * origin.open() + OTHER_SOCKETS
  })
  assert.ok(origin.open() <= 2 * LANES, `${origin.open()} connections to the origin are open`)
  const after = memory()
  assert.ok(after.used - before.used < MAX_GROWTH, `in use: ${before.used} MiB, then ${after.used}`)
  // A worker collects its own garbage when its heap is full, not before.
  const growth = 2 * MAX_GROWTH + 2 * workers * WORKER_HEAP
  assert.ok(after.resident - before.resident < growth, `${before.resident} MiB, then ${after.resident}`)
  assert.deepEqual(workerEvents, [])
  judgeBroken()
  assert.deepEqual(unexpected, [])
  assert.ok(requests >= extent.requests, `only ${requests} requests in ${extent.milliseconds} ms`)
  assert.equal((await gateway.stop(10_000)).cut, 0, 'requests that never ended')
  t.diagnostic(
    `${requests} requests over ${quarter + rest} connections from seed ${first} on: ${origin.count()} arrived, ` +
      `${broken} in part; ${Math.round(after.resident - before.resident)} MiB more resident`
  )
}

/** @returns How many requests the bytes of the connection were made from. */
async function checkConnection(
  url: string,
  origin: StrictOrigin,
  expected: Expectations,
  seed: number
): Promise<number> {
  const chance = new Chance(seed)
  const { text, requests: count } = damagedBytes(chance, seed)
  const { requests, broken, hasRest } = readClient(text)
  expected.add({ requests, broken, hasRest })
  const methods = [...requests, ...(broken ? [broken] : [])].map(({ method }) => method)
  const most = requests.length + (hasRest ? 1 : 0)
  const client = new StrictClient(url, methods)
  try {
    await client.connected()
    await writePieces(client.socket, pieces(chance, text))
    if (chance.oneIn(12)) {
      client.socket.resetAndDestroy()
      return count
    }
    if (!chance.oneIn(3)) await client.untilResponses(most, PATIENCE)
    await client.finish()

    assert.equal(client.problem, undefined)
    assert.ok(client.responses.length <= most, `${client.responses.length} responses to ${most} requests`)
    for (const [index, { status, fields }] of client.responses.entries()) {
      const serial = valuesOf(fields, 'x-serial')[0]
      const sent = requests[index]
      if (serial === undefined) assert.ok(isRefusal(status), `the gateway answers ${status}`)
      else
        assert.ok(
          sent && expected.isSame(origin.arrival(Number(serial)).request, sent),
          `response ${index} is another's`
        )
    }
  } catch (error) {
    throw new Error(`after ${JSON.stringify(text.slice(-500))}`, { cause: error })
  } finally {
    client.socket.destroy()
  }
  // What arrives late is still blamed on the one who sent it.
  if (broken) await delay(1)
  return count
}

/** The origin never fails, so the gateway has nothing to say of one that does. */
function isRefusal(status: number): boolean {
  return (status >= 400 && status < 500) || status === 501 || status === 505
}
