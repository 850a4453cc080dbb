/**
 * What matches the Origin field of pages that may: an origin as it is serialized (RFC 6454 section 6.2), so that
 * `null` and lists are none.
 *
 * @param origins - Exact ones, and those of all subdomains: `https://*.example.com` is one or more labels before the
 *   rest, never the bare domain.
 */
export function originPattern(origins: readonly string[]): RegExp {
  return new RegExp(`^(?:${origins.map(sourceOf).join('|')})$`, 'i')
}

/** Labels end at dots and have none, so that there is one way only to match: no text takes long. */
const LABELS = '(?:[a-z0-9_-]+\\.)+'

function sourceOf(origin: string): string {
  const [scheme = '', host = ''] = withoutDefaultPort(origin).split('://')
  const isWildcard = host.startsWith('*.')
  return `${scheme}://${isWildcard ? LABELS : ''}${escaped(isWildcard ? host.slice(2) : host)}`
}

/** Browsers leave it out. */
function withoutDefaultPort(origin: string): string {
  return origin.replace(/^(https:.*):443$|^(http:.*):80$/i, '$1$2')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
