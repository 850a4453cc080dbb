import type { Chance } from './chance.ts'
import { fieldLines } from './random-fields.ts'

const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCodePoint(code)).join('')

/**
 * Any bytes, as latin1; at times such as look like messages themselves.
 *
 * @param longest - In bytes.
 */
export function randomBody(chance: Chance, longest = 20_000): string {
  if (chance.oneIn(8)) return 'GET /smuggled HTTP/1.1\r\nHost: inner.test\r\n\r\n'
  if (chance.oneIn(8)) return '0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
  return chance.text(BYTES, Math.min(longest, chance.pick([0, 1, 2, 5, 17, 100, 1000, chance.below(20_000)])))
}

/** A body in chunks of any sizes, with what may stand beside a size (RFC 9112 section 7.1). */
export function chunked(chance: Chance, body: string, trailers: readonly string[]): string {
  const most = chance.pick([1, 3, 50, 2000, 20_000])
  // Single bytes of a long body are no better than those of a short one.
  const largest = body.length > 2000 ? Math.max(most, 50) : most
  let coded = ''
  for (let from = 0; from < body.length;) {
    const size = Math.min(body.length - from, 1 + chance.below(largest))
    coded += `${chunkSize(chance, size)}\r\n${body.slice(from, from + size)}\r\n`
    from += size
  }
  return `${coded}${'0'.repeat(1 + chance.below(3))}\r\n${fieldLines(chance, trailers)}\r\n`
}

function chunkSize(chance: Chance, size: number): string {
  const digits = size.toString(16)
  const zeros = chance.oneIn(5) ? '0'.repeat(chance.below(4)) : ''
  const extension = chance.oneIn(5) ? chance.pick([';a', ';a=b', ';a="b;c"', ';name=value;other']) : ''
  return zeros + (chance.oneIn(3) ? digits.toUpperCase() : digits) + extension
}
