import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

const VALID = /^[A-Za-z0-9._-]{1,128}$/

/**
 * Makes the source of request ids for one thread: a client's own X-Request-Id when it is plain, else a random prefix
 * of the thread with a running number, which costs next to nothing and never repeats.
 */
export function requestIds(
  prefix: string = randomBytes(8).toString('hex')
): (headers: IncomingHttpHeaders) => string {
  let count = 0
  return (headers) => {
    const own = headers['x-request-id']
    if (typeof own === 'string' && VALID.test(own)) return own
    return `${prefix}-${(++count).toString(36)}`
  }
}
