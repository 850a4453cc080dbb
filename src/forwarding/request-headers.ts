import type { IncomingMessage } from 'node:http'
import { type AddressBlocks, plainAddress } from '../address-blocks.ts'
import { withoutAdminSession } from '../admin-cookie.ts'
import type { HeaderChanges } from '../config/types.ts'
import type { ConsumerFields, KnownConsumer } from '../access/consumer-fields.ts'
import { isChanged } from './header-changes.ts'
import { connectionOptions, HOP_BY_HOP, takesTrailers } from './hop-by-hop.ts'
import { http2Stream } from '../raw-messages.ts'
import { http1Fields } from './http2-fields.ts'
import { withoutSession } from './session-cookie.ts'

/** What the gateway calls itself in Via (RFC 9110 section 7.6.3). */
export const VIA_PSEUDONYM = 'xecureapi'

/** What a request's forwarded header depends on besides the request itself. */
export interface RequestHeaderOptions {
  readonly hostHeader: 'preserve' | 'backend'
  readonly requestId: string
  /** The fields of its trace, names and values in turn; what the client sent of them ends here. */
  readonly trace?: readonly string[]
  /** Whose X-Forwarded-* and Forwarded are believed; by default nobody's. */
  readonly trusted?: AddressBlocks
  /** Whether to send Forwarded (RFC 7239) too. */
  readonly forwardedHeader?: boolean
  /** Whether the client waits for the backend's 100; otherwise the gateway's own server has sent one. */
  readonly expectsContinue?: boolean
  /** Name of the gateway's own cookie, which ends here. */
  readonly sessionCookie?: string | undefined
  /** What the route sets and removes. */
  readonly changes?: HeaderChanges | undefined
  /** What tells the backend who calls; absent = nobody is asked anywhere. */
  readonly consumer?: ConsumerFields | undefined
  /** Who does. */
  readonly known?: KnownConsumer | undefined
}

/**
 * The header that goes to the backend: the client's in its order and spelling, without what ends at this hop. Via is
 * appended; X-Forwarded-* says what this connection is, after what a trusted proxy in front said; anybody else's is
 * replaced.
 */
export function forwardedRequestHeaders(request: IncomingMessage, options: RequestHeaderOptions): string[] {
  const { headers, socket } = request
  const rawHeaders = http2Stream(request) ? http1Fields(request) : request.rawHeaders
  const { changes, sessionCookie, consumer, known } = options
  const named = connectionOptions(rawHeaders)
  const isTrusted = options.trusted?.has(socket.remoteAddress) ?? false
  const out: string[] = []
  let hasHost = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    const action = ACTIONS.get(name)
    if (action === 'host') hasHost = true
    if (action === 'drop' || named?.has(name) || isChanged(name, changes)) continue
    if (consumer?.isWithheld(name, known)) continue
    if (action === 'host') {
      if (options.hostHeader === 'preserve') out.push(rawHeaders[index]!, headers.host!)
    } else if (action === 'expect') {
      if (options.expectsContinue) out.push(rawHeaders[index]!, rawHeaders[index + 1]!)
    } else if (name === 'cookie') {
      const foreign = withoutAdminSession(rawHeaders[index + 1]!)
      const cookies = sessionCookie === undefined ? foreign : withoutSession(foreign, sessionCookie)
      // One that came empty goes on so.
      if (cookies !== '' || rawHeaders[index + 1] === '') out.push(rawHeaders[index]!, cookies)
    } else if (isTrusted || !isForwardingClaim(name)) out.push(rawHeaders[index]!, rawHeaders[index + 1]!)
  }
  // An absolute-form target may name one where HTTP/1.0 has no Host field.
  const own: string[] = []
  if (!hasHost && headers.host !== undefined && options.hostHeader === 'preserve')
    own.push('Host', headers.host)
  // TE goes on only to say that trailers may come back.
  if (typeof headers.te === 'string' && takesTrailers(headers.te)) own.push('TE', 'trailers')
  pushForwarding(own, request, isTrusted, options.forwardedHeader ?? false)
  if (consumer && known) own.push(...consumer.of(known))
  if (options.trace) own.push(...options.trace)
  own.push('X-Request-Id', options.requestId, 'Via', `${request.httpVersion} ${VIA_PSEUDONYM}`)
  for (let index = 0; index < own.length; index += 2) {
    if (!changes || !isChanged(own[index]!.toLowerCase(), changes)) out.push(own[index]!, own[index + 1]!)
  }
  if (changes) for (const [name, value] of Object.entries(changes.set)) out.push(name, value)
  return out
}

/**
 * The trailers that go to the backend: a server may read them as if they were in the header, so what the gateway
 * answers for there is not taken from here (RFC 9110 section 6.5.1).
 */
export function forwardedRequestTrailers(
  rawTrailers: readonly string[],
  changes: HeaderChanges | undefined,
  consumer?: ConsumerFields
): string[] {
  const out: string[] = []
  for (let index = 0; index < rawTrailers.length; index += 2) {
    const name = rawTrailers[index]!.toLowerCase()
    if (ACTIONS.has(name) || isForwardingClaim(name) || isChanged(name, changes)) continue
    if (consumer?.isWithheld(name)) continue
    out.push(rawTrailers[index]!, rawTrailers[index + 1]!)
  }
  return out
}

/** Fields that are not simply passed on. Those of X-Forwarded-For, -Host and -Proto are written anew. */
const ACTIONS: ReadonlyMap<string, 'drop' | 'host' | 'expect'> = new Map([
  ...[...HOP_BY_HOP].map((name) => [name, 'drop'] as const),
  ['host', 'host'],
  ['expect', 'expect'],
  ['http2-settings', 'drop'],
  ['traceparent', 'drop'],
  ['tracestate', 'drop'],
  ['x-forwarded-for', 'drop'],
  ['x-forwarded-host', 'drop'],
  ['x-forwarded-proto', 'drop'],
  ['x-request-id', 'drop']
])

function isForwardingClaim(name: string): boolean {
  return FORWARDING_CLAIM.test(name)
}

/** Servers that hand fields on as variables take `_` for `-`. */
const FORWARDING_CLAIM = /^(?:x[-_]forwarded[-_]|forwarded$)/

function pushForwarding(
  out: string[],
  request: IncomingMessage,
  isTrusted: boolean,
  forwarded: boolean
): void {
  const { headers, socket } = request
  const address = plainAddress(socket.remoteAddress)
  const before = isTrusted ? headers['x-forwarded-for'] : undefined
  const proto = (isTrusted && headers['x-forwarded-proto']) || ('encrypted' in socket ? 'https' : 'http')
  const host = (isTrusted && headers['x-forwarded-host']) || headers.host
  out.push('X-Forwarded-For', before === undefined ? address : `${text(before)}, ${address}`)
  out.push('X-Forwarded-Proto', text(proto))
  if (host !== undefined) out.push('X-Forwarded-Host', text(host))
  if (forwarded) out.push('Forwarded', forwardedElement(address, text(proto), headers.host))
}

/** One element of RFC 7239 section 4. */
function forwardedElement(address: string, proto: string, host: string | undefined): string {
  const node = address.includes(':') ? `[${address}]` : address
  const named = host === undefined ? '' : `;host=${tokenOrQuoted(host)}`
  return `for=${tokenOrQuoted(node)};proto=${tokenOrQuoted(proto)}${named}`
}

/** RFC 9110 section 5.6: what is no token (a port, an IPv6 address, a host that looks like more) stands in quotes. */
function tokenOrQuoted(value: string): string {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, String.raw`\$&`)}"`
}

function text(value: string | string[]): string {
  return typeof value === 'string' ? value : value.join(', ')
}
