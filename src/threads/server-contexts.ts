import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsMaterial } from './messages.ts'

/** The oldest version that is spoken: RFC 8996 has withdrawn those before. */
const MIN_VERSION = 'TLSv1.2'

/**
 * What sessions are bound to. It must be the same in all threads, and for all certificates: OpenSSL resumes no session
 * of another context.
 */
const SESSION_ID_CONTEXT = 'xecureapi'

/** The TLS contexts of a listener's certificates, built once, and which of them a client gets. */
export class ServerContexts {
  /** Of the first certificate, for clients that name no host, or one that none is for. */
  readonly fallback: SecureContextOptions
  readonly #byHost = new Map<string, SecureContext>()

  /** @throws Error when a certificate or its key can't be used. */
  constructor({ certificates, ticketKeys }: TlsMaterial) {
    const options = certificates.map(({ cert, key }) => ({
      cert,
      key,
      minVersion: MIN_VERSION,
      sessionIdContext: SESSION_ID_CONTEXT,
      // Tickets are read in the context that a handshake begins in, and written in the one that it ends in.
      ticketKeys: Buffer.from(ticketKeys)
    })) satisfies SecureContextOptions[]
    const [fallback] = options
    if (!fallback) throw new Error('TLS needs a certificate')
    this.fallback = fallback
    for (const [index, { hosts }] of certificates.entries()) {
      const context = createSecureContext(options[index])
      for (const host of hosts) if (!this.#byHost.has(host)) this.#byHost.set(host, context)
    }
  }

  /**
   * Picks by the name that the client asks for (SNI, RFC 6066 section 3): the exact one, else one with `*` for its first
   * label, as certificates have it (RFC 9525 section 6.3).
   *
   * @returns undefined when the first certificate is to be taken.
   */
  of(name: string): SecureContext | undefined {
    const host = name.toLowerCase()
    const dot = host.indexOf('.')
    return this.#byHost.get(host) ?? (dot > 0 ? this.#byHost.get(`*${host.slice(dot)}`) : undefined)
  }
}
