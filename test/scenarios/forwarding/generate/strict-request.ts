import { readBody } from './strict-body.ts'
import { type Framing, readFields, readFraming, valuesOf } from './strict-fields.ts'

/** The head of a request. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  /** 0 or 1, of HTTP/1.x. */
  readonly minor: number
  readonly fields: string[]
  readonly framing: Framing
}

/** A request as it came. */
export interface StrictRequest extends RequestHead {
  readonly body: string
  readonly trailers: string[]
}

/** What was read of a request; its head, once that is certain, even if what follows is not. */
export type RequestReading =
  | { readonly state: 'done'; readonly request: StrictRequest; readonly end: number }
  | { readonly state: 'more'; readonly head?: RequestHead }
  | { readonly state: 'bad'; readonly why: string; readonly head?: RequestHead }

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/
/** RFC 9112 section 3 lets a server divide the words of the line at any number of spaces; there is nothing else to read. */
const SPACED_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) +([\x21-\x7e\x80-\xff]+) +HTTP\/1\.([01])$/
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?$/

/**
 * Reads a request with nothing but RFC 9110 and 9112 in mind, refusing all that two readers could read differently:
 * the independent opinion of the tests on what a sequence of bytes says.
 *
 * @param isSpaced - Whether there may be more than one space in the request line.
 */
export function readRequest(text: string, at: number, isSpaced = false): RequestReading {
  const end = text.indexOf('\r\n\r\n', at)
  if (end === -1) return { state: 'more' }
  const [first = '', ...lines] = text.slice(at, end).split('\r\n')
  const head = readHead((isSpaced ? SPACED_LINE : REQUEST_LINE).exec(first), lines)
  if (typeof head === 'string') return { state: 'bad', why: head }
  const read = readBody(text, end + 4, head.framing)
  if (read.state === 'done') {
    const { body, trailers } = read
    return { state: 'done', request: { ...head, body, trailers }, end: read.end }
  }
  return { ...read, head }
}

/** @returns The head, or what is wrong with it. */
function readHead(line: RegExpExecArray | null, lines: readonly string[]): RequestHead | string {
  const [, method, target, minorText] = line ?? []
  if (method === undefined || target === undefined) return 'the request line'
  const minor = Number(minorText)
  if (!isTarget(method, target)) return 'the target'
  const fields = readFields(lines)
  if (!fields) return 'a field'
  const hosts = valuesOf(fields, 'host')
  if (hosts.length > 1 || (minor === 1 && hosts.length === 0)) return 'the number of Hosts'
  if (hosts.length === 1 && !HOST.test(hosts[0]!)) return 'the Host'
  const framing = readFraming(fields, minor)
  if (!framing) return 'the framing'
  return { method, target, minor, fields, framing }
}

/** The four forms of RFC 9112 section 3.2; a fragment is never sent. */
function isTarget(method: string, target: string): boolean {
  if (target.includes('#')) return false
  if (method === 'CONNECT') return HOST.test(target)
  if (target.startsWith('/')) return true
  if (target === '*') return method === 'OPTIONS'
  const [, authority = ''] = /^https?:\/\/([^/?]*)/i.exec(target) ?? []
  return HOST.test(authority)
}

/** What all the bytes of a client say. */
export interface ClientReading {
  readonly requests: StrictRequest[]
  /** The head of one that is not complete, or not well-formed further on. */
  readonly broken: RequestHead | undefined
  /** Whether there are bytes behind the last whole request. */
  readonly hasRest: boolean
}

/** Reads all that a client sends on a connection, up to the first byte that is not certain. */
export function readClient(text: string): ClientReading {
  const requests: StrictRequest[] = []
  let at = 0
  for (;;) {
    // Empty lines in front of a request say nothing (RFC 9112 section 2.2).
    while (text[at] === '\r' || text[at] === '\n') at++
    const read = readRequest(text, at, true)
    if (read.state !== 'done') return { requests, broken: read.head, hasRest: at < text.length }
    requests.push(read.request)
    at = read.end
  }
}
