import type { LimitKey, RequestKey } from './types.ts'

/** A token (RFC 9110 section 5.6.2): the name of a header field, or of a cookie (RFC 6265 section 4.1.1). */
export const TOKEN_PATTERN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+"

/** Pattern of a key as text, for the published schema. */
export const REQUEST_KEY_PATTERN = `^(?:ip|path|(?:header|cookie):${TOKEN_PATTERN}|query:[^\\x00-\\x1f\\x7f]+)$`

/** What a key must look like. */
export const REQUEST_KEY_MESSAGE = 'expected ip, path, header:NAME, cookie:NAME or query:NAME'

const REQUEST_KEY = new RegExp(REQUEST_KEY_PATTERN)

/**
 * Reads what of a request tells clients apart: `ip`, `path`, `header:x-user-id`, `cookie:sid`, `query:user`. Names of
 * header fields come out in lower case; those of cookies and of query parameters keep theirs, which counts.
 *
 * @returns undefined when the text is no key.
 */
export function parseRequestKey(text: string): RequestKey | undefined {
  if (!REQUEST_KEY.test(text)) return undefined
  if (text === 'ip' || text === 'path') return { from: text }
  const colon = text.indexOf(':')
  const from = text.slice(0, colon) as 'header' | 'cookie' | 'query'
  const name = text.slice(colon + 1)
  return { from, name: from === 'header' ? name.toLowerCase() : name }
}

/** Pattern of what a rate limit knows a client by: a key of a request, or `consumer`, who it proved to be. */
export const LIMIT_KEY_PATTERN = REQUEST_KEY_PATTERN.replace('^(?:', '^(?:consumer|')

/** What such a key must look like. */
export const LIMIT_KEY_MESSAGE = REQUEST_KEY_MESSAGE.replace('ip,', 'ip, consumer,')

/** As {@link parseRequestKey}, of a rate limit's key. */
export function parseLimitKey(text: string): LimitKey | undefined {
  return text === 'consumer' ? { from: text } : parseRequestKey(text)
}

/** A key as text, as {@link parseRequestKey} reads it. */
export function formatRequestKey(key: LimitKey): string {
  return 'name' in key ? `${key.from}:${key.name}` : key.from
}
