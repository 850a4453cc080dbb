/** A seeded source of numbers from 0 to 1 (mulberry32), so that a failure can be had again. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A response made at random, as bytes and as what must be read of it. */
export interface RandomResponse {
  readonly bytes: Buffer
  readonly method: string
  readonly status: number
  readonly statusText: string
  readonly interim: readonly number[]
  readonly headers: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
  /** Whether the connection's end is the body's end. */
  readonly untilClose: boolean
}

const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const VALUE = ` \t!"#$%&'()*+,-./0123456789:;<=>?@ABCXYZ[\\]^_\`abcxyz{|}~\x80\x85\xa0\xe9\xff`
const STATUSES = [200, 201, 204, 206, 226, 301, 304, 400, 404, 418, 500, 503, 599, 999]

/** Makes a valid response. */
export function randomResponse(random: () => number): RandomResponse {
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!
  const text = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[below(alphabet.length)]).join('')
  const blanks = (): string => text(' \t', below(3))
  const fields = (count: number): string[] =>
    Array.from({ length: count }, () => [
      // No name that says something about the message.
      `X-${text(TOKEN, 1 + below(20))}`,
      text(VALUE, below(60)).replace(/^[ \t]+|[ \t]+$/g, '')
    ]).flat()
  const lines = (pairs: readonly string[]): string => {
    let out = ''
    for (let index = 0; index < pairs.length; index += 2)
      // Behind what frames the message, llhttp takes no tab.
      out += `${pairs[index]}:${blanks()}${pairs[index + 1]}${pairs[index]!.startsWith('X-') ? blanks() : ' '}\r\n`
    return out
  }

  const interim = Array.from({ length: below(4) === 0 ? below(4) : 0 }, () => pick([100, 102, 103, 199]))
  const before = interim.map((status) => `HTTP/1.1 ${status} x\r\n${lines(fields(below(3)))}\r\n`).join('')
  const method = pick(['GET', 'GET', 'POST', 'HEAD'])
  const status = pick(STATUSES)
  const statusText = text(VALUE, below(20))
    .trimStart()
    .replace(/^[\x80-\xff]+/, '')
  const bodyless = method === 'HEAD' || status === 204 || status === 304
  const framing = pick(['length', 'length', 'chunked', 'chunked', 'close'] as const)
  const body = bodyless ? '' : text(`${VALUE}\0\r\n`, pick([0, 1, 5, 100, 1000, 5000]))
  const headers = fields(below(12))
  const at = 2 * below(headers.length / 2 + 1)
  const trailers = framing === 'chunked' && !bodyless ? fields(below(4)) : []
  if (framing === 'length')
    headers.splice(at, 0, pick(['Content-Length', 'CONTENT-LENGTH', 'content-length']), String(body.length))
  if (framing === 'chunked')
    headers.splice(at, 0, pick(['Transfer-Encoding', 'transfer-encoding']), pick(['chunked', 'Chunked']))
  let coded = body
  if (framing === 'chunked' && !bodyless) {
    coded = ''
    for (let from = 0; from < body.length;) {
      const size = Math.min(body.length - from, 1 + below(pick([3, 50, 2000])))
      const extension = pick(['', '', ';a', ';a=b', ';a="b c"'])
      coded += `${'0'.repeat(below(3))}${size.toString(16)}${extension}\r\n${body.slice(from, from + size)}\r\n`
      from += size
    }
    coded += `0\r\n${lines(trailers)}\r\n`
  }
  return {
    bytes: Buffer.from(
      `${before}HTTP/1.1 ${status} ${statusText}\r\n${lines(headers)}\r\n${coded}`,
      'latin1'
    ),
    method,
    status,
    statusText,
    interim,
    headers,
    body,
    trailers,
    untilClose: framing === 'close' && !bodyless
  }
}
