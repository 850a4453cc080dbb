import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

/** Where a backend is, taken apart once. */
export interface Origin {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** As Host names it. */
  readonly authority: string
}

/** @param origin - `http://host:port` or `https://host:port`; the port may be left to its default. */
export function parseOrigin(origin: string): Origin {
  const { protocol, hostname, port, host } = new URL(origin)
  const secure = protocol === 'https:'
  return {
    secure,
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: Number(port) || (secure ? 443 : 80),
    authority: host
  }
}

/** Options of `tls.connect` that a group may set; by default the certificate is verified. */
export type TlsSettings = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>

/** How a connection is opened. */
export interface DialOptions {
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

/** Opens a connection; the socket is returned before it is there. */
export function dial(origin: Origin, { tls, session, onread, allowHalfOpen }: DialOptions): Socket {
  const { host, port, secure } = origin
  const options = {
    host,
    port,
    allowHalfOpen,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER,
    ...(onread && { onread })
  }
  if (!secure) return connectTcp(options)
  const socket = connectTls({
    ...options,
    ALPNProtocols: ['http/1.1'],
    // RFC 6066 section 3: an address is no server name.
    ...(isIP(host) === 0 && { servername: host }),
    ...tls,
    ...(session && { session })
  })
  // tls.connect does not pass these on.
  socket.setNoDelay(true)
  socket.setKeepAlive(true, PROBE_AFTER)
  return socket
}
