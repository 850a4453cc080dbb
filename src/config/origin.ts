/** Either a normalised origin, or what was expected of it instead. */
export type OriginResult = { readonly origin: string } | { readonly expected: string }

/**
 * Reads the URL of a backend: an origin (RFC 6454), `http:` or `https:`, without credentials, path, query or
 * fragment; a single `/` at the end is fine. The result has a lower-case host and no default port.
 *
 * `expected` never repeats the text, because it may hold a password.
 */
export function parseOrigin(text: string): OriginResult {
  // Nothing but HTTP reaches a backend.
  if (!/^https?:\/\//i.test(text)) return { expected: 'an http:// or https:// URL' }
  // The URL parser drops control characters and turns backslashes into slashes without a word.
  if (/[\s\\\p{Cc}]/u.test(text)) return { expected: 'a URL without spaces and backslashes' }
  const url = URL.parse(text)
  if (!url) return { expected: 'a URL with a valid host and a port from 1 to 65535' }
  if (url.username !== '' || url.password !== '' || text.includes('@')) {
    return { expected: 'a URL without credentials' }
  }
  if (url.port === '0') return { expected: 'a port from 1 to 65535' }
  if (!/^[^/]+:\/\/[^/?#]+\/?$/.test(text)) return { expected: 'an origin without path, query or fragment' }
  if (!/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(url.hostname)) return { expected: 'a URL with a valid host' }
  return { origin: url.origin }
}
