import { METHODS } from 'node:http'
import type { Chance } from './chance.ts'
import { chunked, randomBody } from './random-body.ts'
import { fieldLines, insertField, randomFields, randomName, randomValue, recased } from './random-fields.ts'
import { randomTarget } from './random-target.ts'
import type { StrictRequest } from './strict-request.ts'

/** A request made at random: what it means and its bytes, latin1. */
export interface MadeRequest {
  readonly meaning: StrictRequest
  readonly bytes: string
}

/** CONNECT and TRACE are refused, and a server has no use for HTTP/2's preface. */
const ALL_METHODS = METHODS.filter((method) => !['CONNECT', 'TRACE'].includes(method))
const COMMON_METHODS = ['GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'QUERY'] as const

const FAMILIAR = [
  'Accept',
  'Authorization',
  'Cache-Control',
  'Content-Type',
  'Cookie',
  'Date',
  'Forwarded',
  'If-None-Match',
  'Origin',
  'Range',
  'Set-Cookie',
  'Trailer',
  'User-Agent',
  'Via',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-Real-IP',
  'constructor',
  '__proto__'
] as const

/** Fields of this hop only, which go no further. */
const OF_THIS_HOP: readonly (readonly [string, string])[] = [
  ['Connection', 'keep-alive'],
  ['Keep-Alive', 'timeout=5'],
  ['Proxy-Authorization', 'Basic x'],
  ['Proxy-Connection', 'keep-alive'],
  ['TE', 'trailers'],
  ['TE', 'gzip;q=0.5, trailers'],
  ['TE', 'deflate'],
  ['X-Request-Id', 'mine-1.2_3']
]

/** What is asked of a request. */
export interface RequestWishes {
  /** A value that no other request has. */
  readonly marker: string
  /** Whether it may end its connection: with `close`, as HTTP/1.0, or by expecting a 100 that does not come. */
  readonly isLast: boolean
  /** Of its body, in bytes. */
  readonly longest?: number
}

/** Makes a valid request. */
export function randomRequest(chance: Chance, { marker, isLast, longest }: RequestWishes): MadeRequest {
  const method = chance.oneIn(4) ? chance.pick(ALL_METHODS) : chance.pick(COMMON_METHODS)
  const host = chance.pick(['gateway.test', 'gateway.test:8080', '127.0.0.1', '[::1]:80', 'GATEWAY.test'])
  const fields = randomFields(chance, chance.below(20), FAMILIAR)
  if (chance.oneIn(3)) addFieldsOfThisHop(chance, fields)
  insertField(chance, fields, 'X-Mark', marker)
  const minor = isLast && chance.oneIn(5) ? 0 : 1
  const framing = chance.pick(['none', 'none', 'length', minor === 1 ? 'chunked' : 'length'] as const)
  const body = framing === 'none' ? '' : randomBody(chance, longest)
  const trailers =
    framing === 'chunked' && chance.oneIn(2)
      ? randomFields(chance, chance.below(4), ['X-Sum', 'X-Forwarded-For', 'Keep-Alive'])
      : []
  if (framing === 'length')
    insertField(chance, fields, recased(chance, 'Content-Length'), String(body.length))
  if (framing === 'chunked')
    insertField(chance, fields, recased(chance, 'Transfer-Encoding'), chance.pick(['chunked', 'Chunked']))
  if (isLast && chance.oneIn(4)) insertField(chance, fields, 'Connection', 'close')
  if (isLast && framing !== 'none' && chance.oneIn(4)) insertField(chance, fields, 'Expect', '100-continue')
  insertField(chance, fields, recased(chance, 'Host'), host)

  const target = targetFor(chance, method)
  const head = `${method} ${target} HTTP/1.${minor}\r\n${fieldLines(chance, fields)}\r\n`
  return {
    meaning: {
      method,
      target,
      minor,
      fields,
      framing: framing === 'length' ? { kind: framing, length: body.length } : { kind: framing },
      body,
      trailers
    },
    bytes: head + (framing === 'chunked' ? chunked(chance, body, trailers) : body)
  }
}

function addFieldsOfThisHop(chance: Chance, fields: string[]): void {
  for (let count = 1 + chance.below(3); count > 0; count--) {
    const [name, value] = chance.pick(OF_THIS_HOP)
    if (!fields.some((other, index) => index % 2 === 0 && other === name))
      insertField(chance, fields, name, value)
  }
  if (chance.oneIn(2)) return
  const named = [randomName(chance), randomName(chance)]
  insertField(chance, fields, recased(chance, 'Connection'), named.join(chance.pick([',', ', ', ' ,\t'])))
  for (const name of named) insertField(chance, fields, recased(chance, name), randomValue(chance))
}

function targetFor(chance: Chance, method: string): string {
  if (method === 'OPTIONS' && chance.oneIn(4)) return '*'
  const target = randomTarget(chance)
  return chance.oneIn(10) ? `http://other.test:81${target}` : target
}
