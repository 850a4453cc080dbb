import type { StoreSnapshot } from './registrations.ts'

/** The least pause by default, in milliseconds: the usual ttl of a registration. */
export const LEAST_GRACE = 15_000

/** Lateness of a look that tells of a process that was paused, in milliseconds. */
const PAUSE = 1000

/**
 * From when leases may be ended: not before everybody had one ttl's time to renew, after a time in which nobody could.
 * All times are milliseconds of one monotonic clock of the caller's.
 */
export class ReapingGrace {
  readonly #least: number
  #from = Infinity
  #dueAt: number | undefined

  /** @param least - The shortest it lasts, in milliseconds. */
  constructor(least = LEAST_GRACE) {
    this.#least = least
  }

  /** Nobody could renew until now: Redis was away, or forgot something. */
  begin({ entries }: StoreSnapshot, now: number): void {
    let grace = this.#least
    for (const { registration, removal } of entries.values()) {
      if (!removal && registration?.ttl !== undefined) grace = Math.max(grace, registration.ttl)
    }
    this.#from = Math.max(this.#from === Infinity ? 0 : this.#from, now + grace)
  }

  /** A look is planned for then. */
  plan(dueAt: number): void {
    this.#dueAt = dueAt
  }

  /** Whether this look may end leases. One that is late may not: nobody could renew here while the process stood still. */
  mayReap(snapshot: StoreSnapshot, now: number): boolean {
    if (this.#dueAt !== undefined && now - this.#dueAt > PAUSE) this.begin(snapshot, now)
    return now >= this.#from
  }
}
