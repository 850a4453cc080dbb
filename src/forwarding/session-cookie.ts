import { cookieValues, withoutCookies } from '../cookies.ts'

/*
 * The value of a session cookie: tokens of 128 bits as base64url, each of a backend of another group, the one used last
 * in front. Groups may share a name (they do by default), and a client has one cookie of a name: so what it has of
 * other groups is kept beside.
 */

/** Groups of which one cookie holds sessions. */
const MAX_TOKENS = 8
const VALUE = /^[\w-]{22}(?:\.[\w-]{22}){0,7}$/

/** The tokens that a request's cookies of this name hold, the one used last first; none of a value of another form. */
export function sessionTokens(field: string | undefined, name: string): string[] {
  return cookieValues(field, name).flatMap((value) => (VALUE.test(value) ? value.split('.') : []))
}

/** The value that has a token in front of those that the client has, without what is there no longer. */
export function sessionValue(token: string, others: readonly string[]): string {
  return others.length === 0 ? token : [token, ...others].slice(0, MAX_TOKENS).join('.')
}

/**
 * A Cookie field without the gateway's own, which says nothing to a backend; a cookie of the same name that has another
 * form is the service's own.
 *
 * @returns Empty when nothing is left.
 */
export function withoutSession(field: string, name: string): string {
  return withoutCookies(field, name, (value) => VALUE.test(value))
}
