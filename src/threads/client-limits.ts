import type { ClientLimitsConfig, ServerConfig } from '../config/types.ts'

/** What a listener allows its clients: what of `server.limits` is a matter of connections and heads. */
export interface ListenerLimits extends Omit<ClientLimitsConfig, 'bodyLimit' | 'maxEventLoopDelay'> {
  /** Addresses and CIDR blocks that `maxConnectionsPerIp` does not hold for. */
  readonly manyConnections: readonly string[]
}

/** What listeners allow that serve no public traffic: the admin API's and the redirect's. */
export const OWN_LIMITS: ListenerLimits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 72_000,
  sendTimeout: 30_000,
  maxConnections: 1000,
  maxConnectionsPerIp: 0,
  maxHeaderSize: 16 * 1024,
  maxHeaders: 100,
  manyConnections: []
}

/** Silence after which a client is asked by TCP whether it is still there, in milliseconds. */
export const TCP_KEEP_ALIVE = 60_000

/** How late a timeout may fire, in milliseconds, and less for short ones. */
const LATEST = 500
/** The most often that connections are looked at, in milliseconds. */
const EARLIEST = 25

/** What the public listener allows. Proxies that are trusted bring the connections of many clients. */
export function publicLimits({
  limits,
  trustProxy
}: Pick<ServerConfig, 'limits' | 'trustProxy'>): ListenerLimits {
  const { bodyLimit: _body, maxEventLoopDelay: _delay, ...ofConnections } = limits
  // What makes no difference must not make it another address.
  return { ...ofConnections, manyConnections: limits.maxConnectionsPerIp > 0 ? trustProxy : [] }
}

/** How often it is checked whether a timeout of a connection has passed, in milliseconds. */
export function checkInterval({
  headersTimeout,
  requestTimeout,
  keepAliveTimeout,
  sendTimeout
}: ListenerLimits): number {
  const times = [headersTimeout, requestTimeout, keepAliveTimeout, sendTimeout].filter((time) => time > 0)
  return Math.max(EARLIEST, Math.min(LATEST, ...times.map((time) => Math.floor(time / 4))))
}
