/** What the URL of a Redis must look like. */
export const REDIS_URL_MESSAGE =
  'expected a URL such as redis://[user:password@]host[:port][/db], with rediss: for TLS'

/**
 * Whether a text is the URL of a Redis that can be asked for. ioredis throws at any other, with the password in its
 * error; and it would take what stands in a query for options of its own.
 */
export function isRedisUrl(text: string): boolean {
  const url = URL.parse(text)
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '') return false
  if (url.search !== '' || url.hash !== '' || !/^(?:\/\d{0,5})?$/.test(url.pathname)) return false
  return isEncoded(url.username) && isEncoded(url.password)
}

/** Whether `%` stands before two hexadecimal digits of UTF-8 wherever it stands. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** What the URL of a Redis says. */
export interface RedisAddress {
  /** Without the brackets of IPv6. */
  readonly host: string
  /** undefined = that of its kind. */
  readonly port: number | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number | undefined
  readonly isTls: boolean
}

/** Takes a URL apart. @param text - One that {@link isRedisUrl} takes. */
export function parseRedisUrl(text: string): RedisAddress {
  const { protocol, hostname, port, username, password, pathname } = new URL(text)
  const decoded = (word: string): string | undefined => (word === '' ? undefined : decodeURIComponent(word))
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : Number(port),
    username: decoded(username),
    password: decoded(password),
    database: pathname.length > 1 ? Number(pathname.slice(1)) : undefined,
    isTls: protocol === 'rediss:'
  }
}
