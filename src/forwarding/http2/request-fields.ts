import type { UpstreamRequest } from '../connection.ts'
import { takesTrailers } from '../hop-by-hop.ts'
import type { Origin } from '../http1/dial.ts'
import { DIGITS, NO_TARGET, NO_TOKEN, NO_VALUE } from '../http1/request-head.ts'

/** A request's header, ready for a stream. */
export interface RequestFields {
  /** Names in lower case and values in turn, pseudo-header fields first. */
  readonly fields: string[]
  /** Bytes of the body as Content-Length says; undefined when it says nothing. */
  readonly bodyLength: number | undefined
}

/** What is of one connection only and must not be in HTTP/2 (RFC 9113 section 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade'
])

/**
 * A request's header as HTTP/2 has it (RFC 9113 section 8.3.1): method, scheme, path and authority as pseudo-header
 * fields, the last from Host or else the backend's own, all names in lower case, order and repetition kept. Fields of
 * the connection are left out, and TE says `trailers` or nothing.
 *
 * What it holds is checked as for HTTP/1.1: the backend may be a proxy that writes it down as such.
 *
 * @throws TypeError when a part of it can't be sent.
 */
export function requestFields(request: UpstreamRequest, { authority, secure }: Origin): RequestFields {
  const { method, target, headers, body } = request
  if (method === '' || NO_TOKEN.test(method)) throw new TypeError('the method is no token')
  if (NO_TARGET.test(target) || !(target.startsWith('/') || target === '*'))
    throw new TypeError('the request target is no path, or holds a space or a control character')
  let host: string | undefined
  let bodyLength: number | undefined
  const fields: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = fieldName(headers[index]!)
    const value = fieldValue(name, headers[index + 1]!)
    if (CONNECTION_SPECIFIC.has(name)) continue
    if (name === 'host') {
      if (host !== undefined) throw new TypeError('there are two Host fields')
      host = value
      continue
    }
    if (name === 'content-length') {
      if (bodyLength !== undefined || !DIGITS.test(value))
        throw new TypeError('Content-Length is no number, or comes twice')
      bodyLength = Number(value)
    } else if (name === 'te') {
      if (takesTrailers(value)) fields.push('te', 'trailers')
      continue
    }
    fields.push(name, value)
  }
  if (!body && bodyLength !== undefined && bodyLength > 0)
    throw new TypeError('there is a Content-Length, but no body')
  const scheme = secure ? 'https' : 'http'
  const pseudo = [':method', method, ':scheme', scheme, ':authority', host || authority, ':path', target]
  return { fields: [...pseudo, ...fields], bodyLength }
}

/**
 * Trailers as node:http2 takes them.
 *
 * @param trailers - Names and values in turn.
 * @throws TypeError when one can't be sent.
 */
export function trailerFields(trailers: readonly string[]): Record<string, string[]> {
  const fields = Object.create(null) as Record<string, string[]>
  for (let index = 0; index < trailers.length; index += 2) {
    const name = fieldName(trailers[index]!)
    if (!CONNECTION_SPECIFIC.has(name)) (fields[name] ??= []).push(fieldValue(name, trailers[index + 1]!))
  }
  return fields
}

function fieldName(name: string): string {
  if (name === '' || NO_TOKEN.test(name)) throw new TypeError('the name of a field is no token')
  return name.toLowerCase()
}

/** White space around a value is no part of it, and an error in HTTP/2 (RFC 9113 section 8.2.1). */
function fieldValue(name: string, value: string): string {
  if (NO_VALUE.test(value)) throw new TypeError(`the value of ${name} holds a control character`)
  return /^[\t ]|[\t ]$/.test(value) ? value.replace(/^[\t ]+|[\t ]+$/g, '') : value
}
