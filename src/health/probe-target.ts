/** Where a probe goes. */
export interface ProbeTarget {
  /** Name or address, an IPv6 one without its brackets. */
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
  /** The backend's own authority, as its Host header says it, whatever port is probed. */
  readonly authority: string
}

/**
 * @param url - Origin of the backend.
 * @param port - Probed instead of the origin's own.
 */
export function targetOf(url: string, port?: number): ProbeTarget {
  const origin = new URL(url)
  const secure = origin.protocol === 'https:'
  return {
    hostname: origin.hostname.replace(/^\[|\]$/g, ''),
    // A URL leaves its scheme's default port out.
    port: port ?? (Number(origin.port) || (secure ? 443 : 80)),
    secure,
    authority: origin.host
  }
}
