import type { UpstreamRequest } from '../connection.ts'

/** RFC 9110 section 5.6.2. */
export const NO_TOKEN = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/
/** What a field value may hold: no control characters, and nothing above latin1, whose lower byte might be one. */
export const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/
/** What no request target holds: spaces and control characters. */
export const NO_TARGET = /[^\x21-\x7e\x80-\xff]/
/** A Content-Length; more digits than any body has are none. */
export const DIGITS = /^[0-9]{1,16}$/

/** A request's head, ready to be written. */
export interface RequestHead {
  /** To be written as latin1. */
  readonly text: string
  /** Bytes of the body; undefined when it goes chunked. */
  readonly bodyLength: number | undefined
}

/**
 * A request's head. Names, order and repetition of its fields are kept; only Host, when there is none, and the fields
 * of this connection are added.
 *
 * What it holds is checked here once more: a line break that got in, or a length that the body does not have, would
 * make two requests out of one.
 *
 * @param authority - Host of the backend.
 * @throws TypeError when a part of it can't be sent.
 */
export function requestHead(request: UpstreamRequest, authority: string): RequestHead {
  const { method, target, headers, body, upgrade } = request
  if (method === '' || NO_TOKEN.test(method)) throw new TypeError('the method is no token')
  if (target === '' || NO_TARGET.test(target))
    throw new TypeError('the request target holds a space or a control character')
  let hasHost = false
  let length: number | undefined
  let text = ''
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!
    const value = headers[index + 1]!
    switch (special(name)) {
      case 'host':
        if (hasHost) throw new TypeError('there are two Host fields')
        hasHost = true
        break
      case 'content-length':
        if (length !== undefined || !DIGITS.test(value))
          throw new TypeError('Content-Length is no number, or comes twice')
        length = Number(value)
        break
      case 'connection':
        throw new TypeError(`${name} belongs to the connection`)
    }
    text += fieldLine(name, value)
  }
  if (!body && length !== undefined && length > 0)
    throw new TypeError('there is a Content-Length, but no body')
  const first = `${method} ${target} HTTP/1.1\r\n${hasHost ? '' : fieldLine('Host', authority)}`
  if (body && length === undefined) text += 'Transfer-Encoding: chunked\r\n'
  if (upgrade !== undefined) text += `Connection: Upgrade\r\n${fieldLine('Upgrade', upgrade)}`
  return { text: `${first}${text}\r\n`, bodyLength: length }
}

/**
 * Fields as lines, for trailers.
 *
 * @param fields - Names and values in turn.
 * @throws TypeError when one can't be sent.
 */
export function fieldLines(fields: readonly string[]): string {
  let lines = ''
  for (let index = 0; index < fields.length; index += 2)
    lines += fieldLine(fields[index]!, fields[index + 1]!)
  return lines
}

function fieldLine(name: string, value: string): string {
  if (name === '' || NO_TOKEN.test(name)) throw new TypeError('the name of a field is no token')
  if (NO_VALUE.test(value)) throw new TypeError(`the value of ${name} holds a control character`)
  return `${name}: ${value}\r\n`
}

/** Tells the fields that are not simply written, by their length first: it is asked for every field. */
function special(name: string): 'host' | 'content-length' | 'connection' | undefined {
  switch (name.length) {
    case 4:
      return name === 'Host' || name.toLowerCase() === 'host' ? 'host' : undefined
    case 14:
      return name === 'Content-Length' || name.toLowerCase() === 'content-length'
        ? 'content-length'
        : undefined
    case 7:
      return name.toLowerCase() === 'upgrade' ? 'connection' : undefined
    case 10:
      return name.toLowerCase() === 'connection' ? 'connection' : undefined
    case 17:
      return name.toLowerCase() === 'transfer-encoding' ? 'connection' : undefined
    default:
      return undefined
  }
}
