import type { StoreSnapshot } from './registrations.ts'

/** The least lateness that tells of a process that was paused, in milliseconds: a busy one may be late too. */
const PAUSE = 1000
/** The shortest time between two looks at the clock, in milliseconds. */
const LOOK = 1000

interface Lease {
  /** Milliseconds. */
  readonly ttl: number
  /** Of the entry, so that one that is written again has a whole ttl. */
  readonly version: number
  endsAt: number
}

/** Which entries' leases end when. All times are milliseconds of one monotonic clock of the caller's. */
export class Leases {
  /** By key of the entry. */
  readonly #held = new Map<string, Lease>()

  /** Takes a snapshot over: entries that are new or were written again have a whole ttl, from now on. */
  follow({ entries }: StoreSnapshot, now: number): void {
    for (const key of this.#held.keys()) if (!entries.has(key)) this.#held.delete(key)
    for (const [key, { registration, removal, version }] of entries) {
      const ttl = removal ? undefined : registration?.ttl
      if (ttl === undefined) this.#held.delete(key)
      else if (this.#held.get(key)?.version !== version) {
        this.#held.set(key, { ttl, version, endsAt: now + ttl })
      }
    }
  }

  /** Gives an entry a whole ttl anew. @returns false when it has no lease. */
  renew(key: string, now: number): boolean {
    const lease = this.#held.get(key)
    if (!lease) return false
    lease.endsAt = now + lease.ttl
    return true
  }

  /**
   * When to look at the clock again: when the first lease ends, or before, often enough that a pause as long as a ttl
   * shows as lateness.
   *
   * @returns Milliseconds from now, 0 when a lease has ended; undefined when there are no leases.
   */
  wait(now: number): number | undefined {
    if (this.#held.size === 0) return undefined
    let wait = Infinity
    for (const { ttl, endsAt } of this.#held.values()) {
      wait = Math.min(wait, endsAt - now, Math.max(LOOK, ttl / 4))
    }
    return Math.max(0, wait)
  }

  /**
   * Keys of the entries whose leases have ended. A process that was paused could not be told of renewals: leases for
   * which it looks at the clock much too late have a whole ttl anew.
   *
   * @param late - For how long the look at the clock was overdue.
   */
  ended(now: number, late: number): string[] {
    const ended: string[] = []
    for (const [key, lease] of this.#held) {
      if (late > Math.max(PAUSE, lease.ttl / 2)) lease.endsAt = now + lease.ttl
      else if (lease.endsAt <= now) ended.push(key)
    }
    return ended
  }
}
