import type { Chance } from './chance.ts'
import { mutate } from './mutate.ts'
import { randomResponse } from './random-response.ts'
import { oddFraming } from './smuggling.ts'

const LONGEST_BODY = 300

/** Whole responses that are none, or of another kind than was asked for. */
const ODD = [
  '',
  'nothing of HTTP',
  'HTTP/0.9 200 OK\r\n\r\n',
  'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 1000 High\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
  '\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'ICY 200 OK\r\nContent-Length: 0\r\n\r\n',
  'RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  'HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello',
  `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)}HTTP/1.1 204 None\r\n\r\n`,
  'HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 204 None\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nSet-Cookie: a\rb\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX: y\r\n folded\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok, and more',
  `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}\r\nContent-Length: 0\r\n\r\n`,
  `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(3000)}Content-Length: 0\r\n\r\n`
]

/** How a backend ends a connection after its response. */
export type Ending = 'stay' | 'end' | 'reset'

/** What a hostile or broken backend sends in answer to a request, and how it leaves. */
export interface DamagedResponse {
  /** Latin1. */
  readonly text: string
  readonly ending: Ending
}

/** Damages a valid response, or makes an odd one; half of them have another one behind, which nobody has asked for. */
export function damagedResponse(chance: Chance, method: string, marker: string): DamagedResponse {
  const ending = chance.pick(['stay', 'stay', 'end', 'reset'] as const)
  const second = `HTTP/1.1 200 OK\r\nX-Poison: ${marker}\r\nContent-Length: 6\r\n\r\npoison`
  const text = firstResponse(chance, method, marker) + (chance.oneIn(2) ? second : '')
  return { text: mutate(chance, text, chance.below(4)), ending }
}

function firstResponse(chance: Chance, method: string, marker: string): string {
  const way = chance.below(4)
  if (way === 0) return chance.pick(ODD)
  if (way === 1) {
    const body = chance.pick(['hello', '5\r\nhello\r\n0\r\n\r\n', '0\r\n\r\n', ''])
    return `HTTP/1.1 200 OK\r\nX-Mark: ${marker}\r\n${oddFraming(chance, body.length)}\r\n${body}`
  }
  return randomResponse(chance, method, LONGEST_BODY).bytes.replace('\r\n', `\r\nX-Mark: ${marker}\r\n`)
}
