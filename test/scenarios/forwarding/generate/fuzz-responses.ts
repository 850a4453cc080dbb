import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { startGateway, untilIdle } from '../../../helpers/gateway.ts'
import { Chance, firstSeed, inLanes, withSeed } from './chance.ts'
import { type DamagedResponse, damagedResponse } from './damaged-backend.ts'
import type { FuzzExtent } from './fuzz-requests.ts'
import { pieces, writePieces } from './pieces.ts'
import { arrivedResponse, sentResponse } from './response-essence.ts'
import { StrictClient } from './strict-client.ts'
import { valuesOf } from './strict-fields.ts'
import { startStrictOrigin } from './strict-origin.ts'
import { readResponse, type StrictResponse } from './strict-response.ts'

const LANES = 12
/** How long a backend stays after a response that may be no whole one, in milliseconds. */
const STAY = 60

/** A damaged response that waits for its request. */
interface Prepared extends DamagedResponse {
  readonly parts: readonly string[]
}

/** Sends damaged responses through a gateway. @throws AssertionError when it does anything that it must not. */
export async function fuzzResponses(t: TestContext, extent: FuzzExtent): Promise<void> {
  const prepared = new Map<string, Prepared>()
  const origin = await startStrictOrigin(t, ({ request }, socket) => {
    void answer(prepared.get(valuesOf(request.fields, 'x-mark')[0] ?? '')!, socket)
  })
  const { gateway, url } = await startGateway(
    t,
    {
      upstreams: {
        origin: {
          backends: [origin.url],
          retry: { attempts: 1 },
          timeouts: { response: '2s', idle: '2s' }
        }
      },
      routes: [{ path: '/', upstream: 'origin' }]
    },
    { workers: extent.workers ?? 0 }
  )
  const first = firstSeed(extent.seed)
  let responses = 0
  // Each connection has 2 responses on average.
  const until = performance.now() + extent.milliseconds
  const connections = await inLanes(LANES, Math.ceil(extent.requests / 2), until, async (index) => {
    await withSeed(first + index, async () => {
      const count = await checkConnection(url, prepared, first + index)
      responses += count
    })
  })
  await untilIdle(gateway)
  assert.deepEqual(origin.violations, [])
  assert.equal((await gateway.stop(10_000)).cut, 0, 'requests that never ended')
  t.diagnostic(`${responses} responses over ${connections} connections from seed ${first} on`)
}

/** When a backend will leave a connection, unless it is asked once more. */
const leaving = new WeakMap<Socket, NodeJS.Timeout>()

async function answer({ ending, parts }: Prepared, socket: Socket): Promise<void> {
  clearTimeout(leaving.get(socket))
  await writePieces(socket, parts)
  if (ending === 'reset') socket.resetAndDestroy()
  else if (ending === 'end') socket.end()
  else
    leaving.set(
      socket,
      setTimeout(() => socket.end(), STAY)
    )
}

/** What comes behind the response comes together with its last byte: later, nobody could tell it from the next one. */
function split(chance: Chance, text: string, method: string): string[] {
  const read = readResponse(text, 0, method, true)
  const last = read.state === 'done' ? read.end - 1 : text.length
  return [...pieces(chance, text.slice(0, last)), text.slice(last)]
}

/** @returns How many responses were sent. */
async function checkConnection(url: string, prepared: Map<string, Prepared>, seed: number): Promise<number> {
  const chance = new Chance(seed)
  const methods = chance.list(1 + chance.below(3), () => chance.pick(['GET', 'GET', 'POST', 'HEAD']))
  const damaged = methods.map((method, number) => damagedResponse(chance, method, `${seed}-${number}`))
  for (const [number, response] of damaged.entries()) {
    const parts = split(chance, response.text, methods[number]!)
    prepared.set(`${seed}-${number}`, { ...response, parts })
  }
  const client = new StrictClient(url, methods)
  let sent = 0
  try {
    await client.connected()
    for (const [number, method] of methods.entries()) {
      sent++
      client.socket.write(`${method} / HTTP/1.1\r\nHost: a\r\nX-Mark: ${seed}-${number}\r\n\r\n`)
      await client.untilResponses(number + 1)
      if (client.closed) break
    }
    await client.finish()
    assert.equal(client.problem, undefined)
    assert.ok(client.responses.length <= sent, `${client.responses.length} responses to ${sent} requests`)
    for (const [number, response] of client.responses.entries())
      checkResponse(response, methods[number]!, damaged[number]!)
  } finally {
    client.socket.destroy()
    for (const number of methods.keys()) prepared.delete(`${seed}-${number}`)
  }
  return sent
}

/** A response is passed on as a strict reading of the backend's bytes gives it, or refused. */
function checkResponse(response: StrictResponse, method: string, { text }: DamagedResponse): void {
  const isOwn = valuesOf(response.fields, 'content-type')[0] === 'application/problem+json'
  if (isOwn && (response.status === 502 || response.status === 504)) return
  // Node ends a connection before it resets it, so that even then the gateway may see a body's proper end.
  const read = readResponse(text, 0, method, true)
  const what = JSON.stringify(text.slice(0, 1000))
  assert.equal(read.state === 'bad' ? read.why : read.state, 'done', `${response.status} for ${what}`)
  if (read.state !== 'done') return
  assert.notEqual(read.response.status, 101, 'nobody has asked for another protocol')
  assert.deepEqual(arrivedResponse(response, read.response), sentResponse(read.response), what)
}
