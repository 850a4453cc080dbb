/** What a listener allows its clients, in milliseconds and bytes. */
export interface ClientLimits {
  /** Time for a PROXY protocol header, for a TLS handshake, and for the head of a request. */
  readonly headers: number
  /** Time that an idle connection is kept: longer than the 60 s of usual balancers in front. */
  readonly keepAlive: number
  /** How late such a timeout may fire. */
  readonly checkInterval: number
  /** Largest header of a request. */
  readonly headerSize: number
  /** Silence after which a client is asked by TCP whether it is still there. */
  readonly tcpKeepAlive: number
}

/** What the gateway's own listeners allow. */
export const CLIENT_LIMITS: ClientLimits = {
  headers: 10_000,
  keepAlive: 72_000,
  checkInterval: 1_000,
  headerSize: 16 * 1024,
  tcpKeepAlive: 60_000
}
