import { type Framing, readFields } from './strict-fields.ts'

/** What was read of a body. */
export type BodyReading =
  | { readonly state: 'done'; readonly body: string; readonly trailers: string[]; readonly end: number }
  | { readonly state: 'more' }
  | { readonly state: 'bad'; readonly why: string }

/**
 * RFC 9112 section 7.1, the size limited so that it is exact. What an extension says is for nobody, so its grammar does not
 * matter, as long as it stays on its line.
 */
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/
/** Leading zeros do not count for the limit. */
const ZEROS = /^0+(?=[0-9A-Fa-f])/

/** Reads a body from a position on. */
export function readBody(text: string, at: number, framing: Framing): BodyReading {
  if (framing.kind === 'chunked') return readChunks(text, at)
  const end = at + (framing.kind === 'length' ? framing.length : 0)
  if (text.length < end) return { state: 'more' }
  return { state: 'done', body: text.slice(at, end), trailers: [], end }
}

function readChunks(text: string, start: number): BodyReading {
  let at = start
  let body = ''
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return { state: 'more' }
    const line = CHUNK_LINE.exec(text.slice(at, lineEnd).replace(ZEROS, ''))
    if (!line) return { state: 'bad', why: 'the line of a chunk' }
    const size = Number.parseInt(line[1]!, 16)
    at = lineEnd + 2
    if (size === 0) return readTrailers(text, at, body)
    if (text.length < at + size + 2) return { state: 'more' }
    body += text.slice(at, at + size)
    at += size
    if (!text.startsWith('\r\n', at)) return { state: 'bad', why: 'the end of a chunk' }
    at += 2
  }
}

function readTrailers(text: string, at: number, body: string): BodyReading {
  if (text.startsWith('\r\n', at)) return { state: 'done', body, trailers: [], end: at + 2 }
  const end = text.indexOf('\r\n\r\n', at)
  if (end === -1) return { state: 'more' }
  const trailers = readFields(text.slice(at, end).split('\r\n'))
  if (!trailers) return { state: 'bad', why: 'the trailers' }
  return { state: 'done', body, trailers, end: end + 4 }
}
