import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext
} from 'node:tls'

/** Where a backend is, taken apart once. */
export interface Origin {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** As Host names it. */
  readonly authority: string
  /** Name to ask for by SNI and to verify; undefined where there is only an address. */
  readonly name: string | undefined
}

/**
 * @param origin - `http://host:port` or `https://host:port`; the port may be left to its default.
 * @param named - Authority whose address the origin is, where a name was resolved already: Host and SNI stay the name.
 */
export function parseOrigin(origin: string, named?: string): Origin {
  const { protocol, hostname, port, host } = new URL(origin)
  const secure = protocol === 'https:'
  const name = named === undefined ? hostname : named.replace(/:\d+$/, '')
  return {
    secure,
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: Number(port) || (secure ? 443 : 80),
    authority: named ?? host,
    // RFC 6066 section 3: an address is no server name.
    name: isIP(name.replaceAll(/[[\]]/g, '')) === 0 ? name : undefined
  }
}

/** Options of `tls.connect` that a group may set; by default the certificate is verified. */
export type TlsSettings = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>

/** How a connection is opened. */
export interface DialOptions {
  /** What to ask for by ALPN; by default HTTP/1.1. */
  readonly protocol?: 'http/1.1' | 'h2'
  readonly tls: TlsSettings | undefined
  /** TLS session to resume. */
  readonly session: Buffer | undefined
  /** Reads into a buffer of the caller's instead of emitting `data`. */
  readonly onread: OnReadOpts | undefined
  /** Keeps sending after the backend has stopped, as joined sockets must. */
  readonly allowHalfOpen: boolean
}

/** The event of a dialled socket that says that it can be written to. */
export function readyEvent(origin: Origin): 'connect' | 'secureConnect' {
  return origin.secure ? 'secureConnect' : 'connect'
}

/** What tells a dead peer from one that thinks, in milliseconds of silence. */
const PROBE_AFTER = 60_000

const contexts = new WeakMap<TlsSettings, SecureContext>()

/**
 * Settings as `tls.connect` takes them. Authorities and keys are parsed once for all connections with the same settings:
 * a bundle takes milliseconds.
 *
 * @throws Error when they make no sense.
 */
export function secureOptions(tls: TlsSettings | undefined): ConnectionOptions {
  if (!tls) return {}
  let secureContext = contexts.get(tls)
  if (!secureContext) contexts.set(tls, (secureContext = createSecureContext(tls)))
  return { ...tls, secureContext }
}

/**
 * Opens a connection; the socket is returned before it is there.
 *
 * @throws Error when the TLS settings make no sense.
 */
export function dial(origin: Origin, options: DialOptions): Socket {
  const { tls, session, onread, allowHalfOpen, protocol = 'http/1.1' } = options
  const { host, port, secure, name } = origin
  const address = {
    host,
    port,
    allowHalfOpen,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER,
    ...(onread && { onread })
  }
  if (!secure) return connectTcp(address)
  const socket = connectTls({
    ...address,
    ALPNProtocols: [protocol],
    ...(name !== undefined && { servername: name }),
    ...secureOptions(tls),
    ...(session && { session })
  })
  // tls.connect does not pass these on.
  socket.setNoDelay(true)
  socket.setKeepAlive(true, PROBE_AFTER)
  return socket
}
