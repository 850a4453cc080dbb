import { isIP } from 'node:net'

/** Where a probe goes. */
export interface ProbeTarget {
  /** Name or address, an IPv6 one without its brackets. */
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
  /** Name to ask for by SNI; empty where there is only an address. */
  readonly servername: string
  /** The backend's own authority, as its Host header says it, whatever port is probed. */
  readonly authority: string
}

/**
 * @param url - Origin of the backend.
 * @param port - Probed instead of the origin's own.
 * @param named - Authority whose address the origin is, where a name was resolved already.
 */
export function targetOf(url: string, port?: number, named?: string): ProbeTarget {
  const origin = new URL(url)
  const secure = origin.protocol === 'https:'
  const hostname = bare(origin.hostname)
  const name = named === undefined ? hostname : bare(named.replace(/:\d+$/, ''))
  return {
    hostname,
    servername: isIP(name) === 0 ? name : '',
    // A URL leaves its scheme's default port out.
    port: port ?? (Number(origin.port) || (secure ? 443 : 80)),
    secure,
    authority: named ?? origin.host
  }
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
