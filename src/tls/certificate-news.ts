import type { Logger } from 'pino'
import type { EventLog } from '../telemetry/events.ts'
import type { Certificate, CertificateError } from './certificate.ts'

const DAY = 24 * 60 * 60 * 1000

/** How long before its end a certificate is spoken of, in milliseconds: time enough for a renewal by hand. */
const EXPIRY_WARNING = 14 * DAY

/** Tells the log and the readers of events what becomes of certificates. */
export class CertificateNews {
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly #events: EventLog
  /** What was last said of those that are refused, by the path of the entry. */
  readonly #refused = new Map<string, string>()

  constructor(log: Pick<Logger, 'info' | 'warn' | 'error'>, events: EventLog) {
    this.#log = log
    this.#events = events
  }

  /** A new certificate serves from now on. */
  renewed(path: string, { hosts, expires }: Certificate): void {
    const facts = { path, hosts, expires: new Date(expires).toISOString() }
    this.#log.info(facts, 'a new certificate serves')
    this.#events.record({ type: 'certificate', state: 'renewed', ...facts })
  }

  /**
   * A certificate can't serve, and the one before stays.
   *
   * @param entry - Path of the certificate's entry; the error's own path is within it.
   * @param again - Whether it is said although it has been said before.
   */
  refused(entry: string, error: CertificateError, again: boolean): void {
    const { path, reason } = error
    const fault = `${path} ${reason}`
    const isKnown = this.#refused.get(entry) === fault
    this.#refused.set(entry, fault)
    if (isKnown && !again) return
    this.#log.warn({ path, reason, err: error }, 'a certificate is refused, the one before stays')
    this.#events.record({ type: 'certificate', state: 'refused', path, reason })
  }

  /** What is there can serve. @param entry - Path of the certificate's entry. */
  accepted(entry: string): void {
    this.#refused.delete(entry)
  }

  /** Speaks of a certificate that ends soon, or has ended. @param now - Milliseconds since the epoch. */
  checkExpiry(path: string, { hosts, expires }: Certificate, now: number): void {
    if (expires - now > EXPIRY_WARNING) return
    const facts = { path, hosts, expires: new Date(expires).toISOString() }
    if (expires < now) this.#log.error(facts, 'a certificate that serves has expired')
    else this.#log.warn(facts, 'a certificate expires soon')
    this.#events.record({ type: 'certificate', state: expires < now ? 'expired' : 'expiring', ...facts })
  }
}
