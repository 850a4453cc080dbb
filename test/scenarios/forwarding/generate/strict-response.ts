import { readBody } from './strict-body.ts'
import { readFields, readFraming } from './strict-fields.ts'

/** An interim response. */
export interface InterimResponse {
  readonly status: number
  readonly reason: string
  readonly fields: string[]
}

/** A response as it came, with the interim ones before it. */
export interface StrictResponse extends InterimResponse {
  readonly interim: InterimResponse[]
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  readonly body: string
  readonly trailers: string[]
}

/** What was read of a response. */
export type ResponseReading =
  | { readonly state: 'done'; readonly response: StrictResponse; readonly end: number }
  | { readonly state: 'more' }
  | { readonly state: 'bad'; readonly why: string }

const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/

/**
 * Reads a response with the same mind as {@link readRequest}.
 *
 * @param method - Of the request: HEAD's response has no body.
 * @param closed - Whether nothing more comes, which ends a body that says nothing else.
 */
export function readResponse(text: string, start: number, method: string, closed: boolean): ResponseReading {
  const interim: InterimResponse[] = []
  let at = start
  for (;;) {
    const end = text.indexOf('\r\n\r\n', at)
    if (end === -1) return { state: 'more' }
    const [first = '', ...lines] = text.slice(at, end).split('\r\n')
    const [, statusText, reason = ''] = STATUS_LINE.exec(first) ?? []
    const fields = readFields(lines)
    if (statusText === undefined || !fields)
      return { state: 'bad', why: statusText ? 'a field' : 'the status line' }
    const status = Number(statusText)
    at = end + 4
    if (status < 200 && status !== 101) interim.push({ status, reason, fields })
    else {
      return readContent(text, at, { interim, status, reason, fields }, { method, closed })
    }
  }
}

function readContent(
  text: string,
  at: number,
  head: InterimResponse & Pick<StrictResponse, 'interim'>,
  { method, closed }: { method: string; closed: boolean }
): ResponseReading {
  // Chunks in HTTP/1.0 are odd, but plain; who sent them is not trusted with another request (RFC 9112 section 6.1).
  const framing = readFraming(head.fields, 1)
  if (!framing) return { state: 'bad', why: 'the framing' }
  const { status } = head
  if (method === 'HEAD' || status === 101 || status === 204 || status === 304) {
    return { state: 'done', response: { ...head, framing: 'none', body: '', trailers: [] }, end: at }
  }
  if (framing.kind === 'none') {
    if (!closed) return { state: 'more' }
    const response: StrictResponse = { ...head, framing: 'close', body: text.slice(at), trailers: [] }
    return { state: 'done', response, end: text.length }
  }
  const read = readBody(text, at, framing)
  if (read.state !== 'done') return read
  const { body, trailers, end } = read
  return { state: 'done', response: { ...head, framing: framing.kind, body, trailers }, end }
}
