import type { FastifyRequest } from 'fastify'
import { cookieValues } from '../cookies.ts'
import { ADMIN_COOKIE } from '../admin-cookie.ts'

/** The secret of a session: 32 bytes as base64url. */
const VALUE = /^[\w-]{43}$/

/**
 * Name of the cookie. Cookies know no ports: with the port in it, the dashboards of several gateways of one host don't
 * end each other's sessions. It is the port that the browser sees, whatever is in between.
 */
export function cookieNameOf({ headers }: Pick<FastifyRequest, 'headers'>): string {
  const [, port] = /:(\d{1,5})$/.exec(headers.host ?? '') ?? []
  return port === undefined ? ADMIN_COOKIE : `${ADMIN_COOKIE}-${port}`
}

/** The secrets that a request shows: a browser may have several cookies of a name. */
export function secretsOf(request: Pick<FastifyRequest, 'headers'>): string[] {
  return cookieValues(request.headers.cookie, cookieNameOf(request)).filter((value) => VALUE.test(value))
}

/**
 * The Set-Cookie that gives a browser its session, or with an empty secret takes it away (RFC 6265 section 4.1).
 *
 * @param life - Seconds.
 */
export function sessionCookie(request: FastifyRequest, secret: string, life: number): string {
  // The listener speaks plain HTTP, but what is in front of it may not: the page's own origin says so.
  const isSecure = request.headers.origin?.startsWith('https://') ?? false
  const attributes = [
    `Path=/`,
    `Max-Age=${life}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : [])
  ]
  return [`${cookieNameOf(request)}=${secret}`, ...attributes].join('; ')
}
