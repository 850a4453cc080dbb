/** How far a renewal may be off its time, so that many backends that started at once don't renew at once. */
const JITTER = 0.1

/** First wait after a failure, in milliseconds. */
const FIRST_WAIT = 250

/** Part of a lease after which it is renewed: two renewals may fail before it ends. */
const RENEWAL_PART = 3

/**
 * Least and most that a call may take, in milliseconds. A gateway that is busy must not be taken for one that hangs, even by
 * the shortest leases; and a registration is answered only once it is in force on all threads.
 */
const PATIENCE = { least: 2_000, most: 5_000, registration: 10_000 }

/** Longest wait between two tries, in milliseconds: a third of the lease. */
export function longestWait(ttl: number): number {
  return ttl / RENEWAL_PART
}

/**
 * When a lease is renewed next.
 *
 * @param ttl - Length of the lease, in milliseconds.
 * @param chance - 0 to 1.
 * @returns Milliseconds: a third of it, give or take a tenth.
 */
export function renewalWait(ttl: number, chance: number): number {
  return longestWait(ttl) * (1 - JITTER + 2 * JITTER * chance)
}

/**
 * How long to wait after a failure: what the gateway asks for, else twice as long each time with up to half of it taken off
 * by chance; at least 125 ms, and never more than a third of the lease.
 *
 * @param failures - In a row, from 1.
 * @param ttl - Length of the lease, in milliseconds.
 * @param chance - 0 to 1.
 * @param retryAfter - What the gateway asks for, in milliseconds.
 */
export function retryWait(failures: number, ttl: number, chance: number, retryAfter?: number): number {
  const most = longestWait(ttl)
  if (retryAfter !== undefined) return Math.min(Math.max(retryAfter, FIRST_WAIT), most)
  return Math.min(FIRST_WAIT * 2 ** (failures - 1), most) * (1 - chance / 2)
}

/**
 * How long a call may take, in milliseconds: short enough that, of leases of 12 s and more, a second gateway can be asked
 * before the lease ends.
 */
export function patience(method: string, ttl: number): number {
  if (method === 'POST') return PATIENCE.registration
  // Timers of signals take whole milliseconds only.
  return Math.ceil(Math.min(Math.max(ttl / (2 * RENEWAL_PART), PATIENCE.least), PATIENCE.most))
}

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
 *
 * @param now - Milliseconds since the epoch.
 * @returns Milliseconds from now, at least 0; undefined when there is none or it can't be read.
 */
export function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null || text.trim() === '') return undefined
  const at = /^\s*\d+\s*$/.test(text) ? now + Number(text) * 1000 : Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(at - now, 0)
}
