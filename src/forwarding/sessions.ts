import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type AddressBlocks, addressBlocks } from '../address-blocks.ts'
import { STATUS } from '../balancing/candidate.ts'
import type { AffinityConfig } from '../config/types.ts'
import { sharedNow } from '../shared-clock.ts'
import type { Backend } from '../upstreams/backend.ts'
import { lineupOf } from '../upstreams/group-lineup.ts'
import type { UpstreamGroup } from '../upstreams/group.ts'
import { sessionTokens, sessionValue } from './session-cookie.ts'

/** A session that a request's cookie names. */
export interface Session {
  readonly backend: Backend
  /** Sessions of other groups that this client has used since: 0 = it is the one that it used last. */
  readonly age: number
}

/** The sessions of one group: which backend a client's cookie names. */
export interface Sessions {
  /** Name of the cookie. */
  readonly cookie: string
  /** The session that a request's cookie names; undefined without a cookie, or when it is forged or of another time. */
  sessionOf(request: IncomingMessage): Session | undefined
  /** The backend of {@link sessionOf}. */
  backendOf(request: IncomingMessage): Backend | undefined
  /**
   * Whether a backend may serve sessions that it has: it is not ill, ejected or disabled; it may be draining. In a
   * panic one may that is ill: others are no better, and to move with every request helps nobody.
   */
  mayServe(backend: Backend): boolean
  /** The Set-Cookie that keeps the client's session there from now on. */
  cookieFor(request: IncomingMessage, backend: Backend): string
}

const ILL = STATUS.ill | STATUS.ejected
/** Bytes of a token: enough that none can be guessed. */
const TOKEN_SIZE = 16
const NOBODY = addressBlocks([])

/** For groups without a secret in an app of one thread. A gateway gives all its threads the same one. */
const OWN_SECRET = randomBytes(32).toString('base64url')

/**
 * The sessions of a group that keeps them. A token is a backend's HMAC-SHA256, worked out once: who does not know the
 * secret can neither make one nor read from it where a backend is.
 *
 * @param trusted - Whose X-Forwarded-Proto is believed.
 */
export function sessionsOf(
  group: UpstreamGroup,
  affinity: AffinityConfig,
  trusted: AddressBlocks = NOBODY
): Sessions {
  const { cookie } = affinity
  const tokens = new Map(group.backends.map((backend) => [backend, tokenOf(group.name, backend, affinity)]))
  const backends = new Map([...tokens].map(([backend, token]) => [token, backend]))
  const attributes = `; Path=/; Max-Age=${Math.ceil(affinity.ttl / 1000)}; HttpOnly; SameSite=Lax`
  const isPanic = panicOf(group)
  const sessionOf = (request: IncomingMessage): Session | undefined => {
    for (const [age, token] of sessionTokens(request.headers.cookie, cookie).entries()) {
      const backend = backends.get(token)
      if (backend) return { backend, age }
    }
    return undefined
  }
  return {
    cookie,
    sessionOf,
    backendOf: (request) => sessionOf(request)?.backend,
    mayServe: ({ status }) => (status & STATUS.disabled) === 0 && ((status & ILL) === 0 || isPanic()),
    cookieFor: (request, backend) => {
      const others = sessionTokens(request.headers.cookie, cookie).filter((token) => !backends.has(token))
      const value = sessionValue(tokens.get(backend)!, others)
      return `${cookie}=${value}${attributes}${isSecure(request, trusted) ? '; Secure' : ''}`
    }
  }
}

function tokenOf(group: string, { url }: Backend, { secret = OWN_SECRET }: AffinityConfig): string {
  const digest = createHmac('sha256', secret).update(`${group}\n${url}`).digest()
  return digest.subarray(0, TOKEN_SIZE).toString('base64url')
}

/** Whether so few are well that all are used, worked out once per change of a status. */
function panicOf(group: UpstreamGroup): () => boolean {
  if (group.settings.panicThreshold === 0) return () => false
  let epoch: number | undefined
  let isPanic = false
  return () => {
    const current = group.live.epoch
    if (current !== epoch) {
      epoch = current
      isPanic = lineupOf(group, sharedNow()).isPanic
    }
    return isPanic
  }
}

/** Whether the client speaks TLS, with the gateway or with a trusted proxy in front of it. */
function isSecure({ socket, headers }: IncomingMessage, trusted: AddressBlocks): boolean {
  if ('encrypted' in socket) return true
  const proto = headers['x-forwarded-proto']
  return proto !== undefined && trusted.has(socket.remoteAddress) && /^https(?:\s*,|$)/i.test(String(proto))
}
