import { type Fields, filterFields, valuesOf } from './strict-fields.ts'
import type { RequestHead, StrictRequest } from './strict-request.ts'

/** What of a request must arrive at the origin as the client has sent it. */
export interface RequestEssence extends HeadEssence {
  readonly framing: 'none' | 'length' | 'chunked'
  readonly body: string
  readonly trailers: string[]
}

/** The same of its head. */
export interface HeadEssence {
  readonly method: string
  readonly target: string
  readonly host: string | undefined
  readonly fields: string[]
}

/** Fields of one hop (RFC 9110 section 7.6.1), and what only a receiver of that hop reads. */
const OF_THIS_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade'
])

const WRITTEN_ANEW: ReadonlySet<string> = new Set([
  'expect',
  'forwarded',
  'host',
  'traceparent',
  'tracestate',
  'x-request-id'
])

/** Fields of a request that a gateway writes itself, whatever a client says; Expect is for its own hop. */
function isWrittenAnew(name: string): boolean {
  return name.startsWith('x-forwarded-') || WRITTEN_ANEW.has(name)
}

/** Names that Connection has no say in: without them the message is another one. */
const ALWAYS_KEPT: ReadonlySet<string> = new Set(['content-length', 'host'])

/** The fields that go on beyond this hop. */
export function endToEnd(fields: Fields): string[] {
  const named = new Set(namedByConnection(fields))
  return filterFields(fields, (name) => !OF_THIS_HOP.has(name) && (!named.has(name) || ALWAYS_KEPT.has(name)))
}

function namedByConnection(fields: Fields): string[] {
  return valuesOf(fields, 'connection').flatMap((value) =>
    value.split(',').map((option) => option.trim().toLowerCase())
  )
}

/**
 * What must arrive of a head that a client sent.
 *
 * @param authority - Host of the origin, for a request without one: HTTP/1.0 has none.
 */
export function sentHead(head: RequestHead, authority: string): HeadEssence {
  const { method, target, fields } = head
  const [, named, rest = ''] = /^https?:\/\/([^/?]*)(.*)$/i.exec(target) ?? []
  const absolute = rest.startsWith('/') ? rest : `/${rest}`
  return {
    method,
    target: named === undefined ? target : absolute,
    host: named ?? valuesOf(fields, 'host')[0] ?? authority,
    fields: filterFields(endToEnd(fields), (name) => !isWrittenAnew(name))
  }
}

/** What must arrive of a request that a client sent; see {@link sentHead}. */
export function sentEssence(request: StrictRequest, authority: string): RequestEssence {
  const { framing, body, trailers } = request
  return {
    ...sentHead(request, authority),
    framing: framing.kind,
    body,
    trailers: filterFields(endToEnd(trailers), (name) => !isWrittenAnew(name))
  }
}

/** What has arrived, without what a gateway adds. */
export function arrivedHead(head: RequestHead): HeadEssence {
  const { method, target } = head
  const fields = filterFields(head.fields, (name) => !OF_THIS_HOP.has(name) && !isWrittenAnew(name))
  const via = fields.findLastIndex((field) => /^1\.[01] xecureapi$/.test(field))
  return { method, target, host: valuesOf(head.fields, 'host')[0], fields: fields.toSpliced(via - 1, 2) }
}

/** What has arrived, without what a gateway adds. */
export function arrivedEssence(request: StrictRequest): RequestEssence {
  const { framing, body, trailers } = request
  return { ...arrivedHead(request), framing: framing.kind, body, trailers }
}
