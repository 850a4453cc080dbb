import type { Chance } from './chance.ts'
import { chunked, randomBody } from './random-body.ts'
import { fieldLines, insertField, randomFields, randomName, randomValue, recased } from './random-fields.ts'
import type { InterimResponse, StrictResponse } from './strict-response.ts'

/** A response made at random: what it means and its bytes, latin1. */
export interface MadeResponse {
  readonly meaning: StrictResponse
  readonly bytes: string
}

const STATUSES = [
  200, 200, 200, 201, 202, 204, 206, 226, 301, 304, 400, 401, 404, 409, 418, 429, 500, 503, 599, 999
]

const FAMILIAR = [
  'Age',
  'Alt-Svc',
  'Cache-Control',
  'Content-Type',
  'Content-Encoding',
  'Date',
  'ETag',
  'Location',
  'Server',
  'Set-Cookie',
  'Trailer',
  'Vary',
  'Via',
  'WWW-Authenticate',
  'constructor',
  '__proto__'
] as const

/** Fields of this hop only, which go no further. */
const OF_THIS_HOP: readonly (readonly [string, string])[] = [
  ['Connection', 'keep-alive'],
  ['Keep-Alive', 'timeout=60'],
  ['Proxy-Authenticate', 'Basic'],
  ['Proxy-Connection', 'keep-alive'],
  ['Upgrade', 'websocket']
]

/**
 * Makes a valid response.
 *
 * @param method - Of the request: HEAD's has no body.
 * @param longest - Of its body, in bytes.
 */
export function randomResponse(chance: Chance, method: string, longest?: number): MadeResponse {
  const interim = chance.oneIn(3) ? chance.list(1 + chance.below(3), () => randomInterim(chance)) : []
  const status = chance.pick(STATUSES)
  const fields = randomFields(chance, chance.below(16), FAMILIAR)
  if (chance.oneIn(3)) addFieldsOfThisHop(chance, fields)
  const isBodiless = method === 'HEAD' || status === 204 || status === 304
  const framing = chance.pick(['length', 'length', 'chunked', 'chunked', 'close'] as const)
  const body = isBodiless ? '' : randomBody(chance, longest)
  const trailers =
    framing === 'chunked' && !isBodiless && chance.oneIn(2)
      ? randomFields(chance, chance.below(4), ['X-Sum', 'Server-Timing', 'Keep-Alive', 'Connection'])
      : []
  // RFC 9110 section 8.6: a 204 has none. What a HEAD or 304 says of the body that it does not have, stays.
  const length = isBodiless ? chance.below(1000) : body.length
  if (framing === 'length' && status !== 204)
    insertField(chance, fields, recased(chance, 'Content-Length'), String(length))
  if (framing === 'chunked' && !isBodiless)
    insertField(chance, fields, recased(chance, 'Transfer-Encoding'), chance.pick(['chunked', 'Chunked']))

  const reason = chance.pick(['OK', '', 'Not\tas expected', 'caf\xe9', "it's", randomValue(chance)])
  const head = `HTTP/1.1 ${status} ${reason}\r\n${fieldLines(chance, fields)}\r\n`
  const coded = framing === 'chunked' && !isBodiless ? chunked(chance, body, trailers) : body
  return {
    meaning: {
      interim: interim.map(({ meaning }) => meaning),
      status,
      reason,
      fields,
      framing: isBodiless ? 'none' : framing,
      body,
      trailers
    },
    bytes: `${interim.map(({ bytes }) => bytes).join('')}${head}${coded}`
  }
}

function randomInterim(chance: Chance): { meaning: InterimResponse; bytes: string } {
  const status = chance.pick([100, 102, 103, 103, 199])
  const fields = randomFields(chance, chance.below(4), ['Link', 'Server'])
  const reason = chance.pick(['Early Hints', '', 'x'])
  return {
    meaning: { status, reason, fields },
    bytes: `HTTP/1.1 ${status} ${reason}\r\n${fieldLines(chance, fields)}\r\n`
  }
}

function addFieldsOfThisHop(chance: Chance, fields: string[]): void {
  for (let count = 1 + chance.below(3); count > 0; count--) {
    const [name, value] = chance.pick(OF_THIS_HOP)
    if (!fields.includes(name)) insertField(chance, fields, name, value)
  }
  if (chance.oneIn(2)) return
  const named = randomName(chance)
  insertField(chance, fields, 'Connection', named)
  insertField(chance, fields, recased(chance, named), randomValue(chance))
}
