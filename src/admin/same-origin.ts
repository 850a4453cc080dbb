import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from '../config/admin.ts'

/** Why a request that a browser may have been led to is refused, as data. */
export type ForeignReason = 'host_foreign' | 'origin_foreign' | 'origin_missing' | 'site_foreign'

/**
 * Whether a request may come from a page that has no business here, where being on this machine is all that is asked for:
 * one of another site (CSRF), or one whose name was made to point to this machine (DNS rebinding), which shows in Host.
 *
 * @param host - That the listener is configured with.
 * @returns undefined when it is none of that.
 */
export function foreignReason(headers: IncomingHttpHeaders, host: string): ForeignReason | undefined {
  return isOwnHost(headers.host ?? '', host) ? foreignPage(headers) : 'host_foreign'
}

/**
 * Whether a request comes from a page of another site, going by what browsers say of its page.
 *
 * @returns undefined when it does not, or comes from no page at all.
 */
export function foreignPage({
  host = '',
  origin,
  ...headers
}: IncomingHttpHeaders): ForeignReason | undefined {
  // Browsers say so of every request of a page that could do harm; other programs say nothing.
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'site_foreign'
  if (origin === undefined) return undefined
  const own = [`http://${host}`, `https://${host}`].map((text) => text.toLowerCase())
  return own.includes(origin.toLowerCase()) ? undefined : 'origin_foreign'
}

/** A name that is this machine's everywhere (RFC 6761 section 6.3), an address of it, or what is configured. */
function isOwnHost(authority: string, configured: string): boolean {
  const [, bracketed, plain] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(authority) ?? []
  const name = (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '')
  if (name === undefined) return false
  if (bracketed !== undefined && isIP(bracketed) !== 6) return false
  return isLoopback(name) || name.endsWith('.localhost') || name === configured.toLowerCase()
}
