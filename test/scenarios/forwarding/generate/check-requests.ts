import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { startGateway, untilIdle } from '../../../helpers/gateway.ts'
import { Chance, firstSeed, inLanes, withSeed } from './chance.ts'
import { arrivedEssence, sentEssence } from './essence.ts'
import { pieces, writePieces } from './pieces.ts'
import { type MadeRequest, randomRequest } from './random-request.ts'
import { StrictClient } from './strict-client.ts'
import { valuesOf } from './strict-fields.ts'
import { type StrictOrigin, startStrictOrigin } from './strict-origin.ts'
import { readClient } from './strict-request.ts'

/** How much to check. */
export interface Extent {
  /** Of the first case, unless the environment names another. */
  readonly seed: number
  /** Cases at most. */
  readonly count: number
  /** When to stop, at the latest; cases under way end. */
  readonly milliseconds: number
}

const LANES = 6

/** Sends random requests through a gateway and compares what arrives. */
export async function checkRandomRequests(t: TestContext, extent: Extent): Promise<void> {
  const origin = await startStrictOrigin(t)
  const { gateway, url } = await startGateway(t, {
    upstreams: { origin: { backends: [origin.url], retry: { attempts: 1 } } },
    routes: [{ path: '/', upstream: 'origin' }]
  })
  const first = firstSeed(extent.seed)
  const until = performance.now() + extent.milliseconds
  const cases = await inLanes(LANES, extent.count, until, async (index) => {
    await withSeed(first + index, () => checkCase(url, origin, first + index))
  })
  await untilIdle(gateway)
  t.diagnostic(`${cases} connections from seed ${first} on, ${origin.count()} requests`)
}

async function checkCase(url: string, origin: StrictOrigin, seed: number): Promise<void> {
  const chance = new Chance(seed)
  const count = 1 + chance.below(5)
  const requests = Array.from({ length: count }, (_, number) =>
    randomRequest(chance, { marker: `${seed}-${number}`, isLast: number === count - 1 })
  )
  for (const { bytes, meaning } of requests) assert.deepEqual(readClient(bytes).requests, [meaning])

  const client = new StrictClient(
    url,
    requests.map(({ meaning }) => meaning.method)
  )
  try {
    await client.connected()
    // All at once, or each after the response to the one before.
    const isPipelined = chance.oneIn(2)
    const all = requests.map(({ bytes }) => bytes)
    for (const [index, bytes] of (isPipelined ? [all.join('')] : all).entries()) {
      await writePieces(client.socket, pieces(chance, bytes))
      await client.untilResponses(isPipelined ? requests.length : index + 1)
    }
    assert.deepEqual([client.problem, origin.violations], [undefined, []])
    assert.deepEqual(
      client.responses.map(({ status }) => status),
      requests.map(() => 200),
      `the client has ${client.socket.destroyed ? 'a closed' : 'an open'} connection and ${JSON.stringify(client.rest)}`
    )
    for (const [index, response] of client.responses.entries()) {
      const { request } = origin.arrival(Number(valuesOf(response.fields, 'x-serial')[0]))
      compare(request, requests[index]!)
    }
    await client.finish()
  } finally {
    client.socket.destroy()
  }
}

function compare(arrived: Parameters<typeof arrivedEssence>[0], { meaning }: MadeRequest): void {
  assert.deepEqual(arrivedEssence(arrived), sentEssence(meaning, ''))
  const hosts = valuesOf(meaning.fields, 'host')
  const { fields } = arrived
  const { host } = arrivedEssence(arrived)
  assert.deepEqual(valuesOf(fields, 'x-forwarded-for'), ['127.0.0.1'])
  assert.deepEqual(valuesOf(fields, 'x-forwarded-proto'), ['http'])
  assert.deepEqual(valuesOf(fields, 'x-forwarded-host'), [host])
  assert.equal(hosts.length, 1)
  const wanted = valuesOf(meaning.fields, 'te').some((value) => value.includes('trailers'))
  assert.deepEqual(valuesOf(fields, 'te'), wanted ? ['trailers'] : [])
}
