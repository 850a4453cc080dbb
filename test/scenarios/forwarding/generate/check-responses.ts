import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { startGateway, untilIdle } from '../../../helpers/gateway.ts'
import { Chance, firstSeed, inLanes, withSeed } from './chance.ts'
import type { Extent } from './check-requests.ts'
import { pieces, writePieces } from './pieces.ts'
import { type MadeResponse, randomResponse } from './random-response.ts'
import { arrivedResponse, sentResponse } from './response-essence.ts'
import { StrictClient } from './strict-client.ts'
import { valuesOf } from './strict-fields.ts'
import { type Arrival, startStrictOrigin } from './strict-origin.ts'
import { readResponse } from './strict-response.ts'

const LANES = 6

/** A response that waits for its request, and the chance that decides how its bytes are split. */
interface Prepared {
  readonly made: MadeResponse
  readonly parts: readonly string[]
}

/** Sends random responses through a gateway and compares what arrives. */
export async function checkRandomResponses(t: TestContext, extent: Extent): Promise<void> {
  const prepared = new Map<string, Prepared>()
  const origin = await startStrictOrigin(t, (arrival, socket) => void answer(prepared, arrival, socket))
  const { gateway, url } = await startGateway(t, {
    upstreams: { origin: { backends: [origin.url], retry: { attempts: 1 } } },
    routes: [{ path: '/', upstream: 'origin' }]
  })
  const first = firstSeed(extent.seed)
  const until = performance.now() + extent.milliseconds
  const cases = await inLanes(LANES, extent.count, until, async (index) => {
    await withSeed(first + index, () => checkCase(url, prepared, first + index))
  })
  await untilIdle(gateway)
  assert.deepEqual(origin.violations, [])
  t.diagnostic(`${cases} connections from seed ${first} on, ${origin.count()} responses`)
}

async function answer(
  prepared: ReadonlyMap<string, Prepared>,
  { request }: Arrival,
  socket: Socket
): Promise<void> {
  const { made, parts } = prepared.get(valuesOf(request.fields, 'x-mark')[0] ?? '')!
  await writePieces(socket, parts)
  if (made.meaning.framing === 'close') socket.end()
}

async function checkCase(url: string, prepared: Map<string, Prepared>, seed: number): Promise<void> {
  const chance = new Chance(seed)
  const count = 1 + chance.below(4)
  const isPipelined = chance.oneIn(3)
  const methods = chance.list(count, () => chance.pick(['GET', 'GET', 'POST', 'HEAD']))
  const minor = chance.oneIn(8) ? 0 : 1
  const responses = methods.map((method, number) => {
    const made = randomResponse(chance, method)
    const read = readResponse(made.bytes, 0, method, true)
    assert.deepEqual(read.state === 'done' ? read.response : read, made.meaning)
    prepared.set(`${seed}-${number}`, { made, parts: pieces(chance, made.bytes) })
    return made.meaning
  })

  const client = new StrictClient(url, methods)
  try {
    await client.connected()
    for (const [number, method] of methods.entries()) {
      const keepAlive = minor === 0 ? 'Connection: keep-alive\r\n' : ''
      const head = `${method} / HTTP/1.${minor}\r\nHost: a\r\n${keepAlive}X-Mark: ${seed}-${number}\r\n\r\n`
      client.socket.write(head)
      if (!isPipelined) await client.untilResponses(number + 1)
      // HTTP/1.0 can't tell where a body of unknown length ends but by closing.
      if (client.closed) break
    }
    // A client that has finished before it is answered may be asked whether it is still there.
    await client.untilResponses(count)
    await client.finish()
    assert.equal(client.problem, undefined)
    assert.equal(client.rest, '')
    if (minor === 1) assert.equal(client.responses.length, count)
    for (const [number, response] of client.responses.entries()) {
      const sent = responses[number]!
      assert.deepEqual(arrivedResponse(response, sent), sentResponse(sent, minor), `response ${number}`)
    }
  } finally {
    client.socket.destroy()
    for (const number of methods.keys()) prepared.delete(`${seed}-${number}`)
  }
}
