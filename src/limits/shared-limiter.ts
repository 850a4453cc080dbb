import { Pace, type Rate } from './gcra.ts'
import type { HashSecret } from './key-hash.ts'
import { Leases } from './leases.ts'
import { type Grant, type LimitStore, STORE_PATIENCE } from './limit-store.ts'
import type { LimitTable, Verdict } from './limit-table.ts'
import type { RateLimiter } from './limiter.ts'

/** What a {@link SharedLimiter} stands on. */
export interface SharedLimiterParts {
  /** What this gateway knows of the keys. */
  readonly table: LimitTable
  /** What all gateways know. */
  readonly store: LimitStore
  /** One word: how many gateways share the store, this one included. */
  readonly gateways: Int32Array
  /** The clock that all threads share, in milliseconds. */
  readonly now: () => number
  /** Random. */
  readonly secret: HashSecret
}

/**
 * A limit that holds over all gateways with one store. Over any time t, as the store's clock counts it, all gateways
 * together let through no more than
 *
 *     burst + t × limit ÷ per + gateways × threads × largestLease(burst)
 *
 * The store decides, with these exceptions:
 *
 * - A key that it has denied is denied without asking again. The theoretical arrival time of a key never goes back, so
 *   what it was when the call was *sent* is a lower bound for ever.
 * - A key that comes often is granted a little ahead of need, once per thread ({@link Leases}).
 * - When it is away or takes longer than {@link STORE_PATIENCE}, this gateway decides at its share: limit ÷ gateways
 *   and burst ÷ gateways, but at least one request. It starts from the debt that it knows of, and what it lets through
 *   meanwhile is as much debt as if all gateways had let through the same. Every call carries the debt known here, and
 *   the store takes the larger: one that comes back, even empty, gives nobody a burst. What gateways did not know of
 *   each other is let through once more: at most one burst each time that the store goes away or comes back, and
 *   limit ÷ gateways per gateway that alone does not reach it.
 *
 * A call may be on its way for as long as the patience, and its debt is older by that when it arrives. It therefore
 * carries so much less: else slow calls would make debts grow. An empty store so forgets {@link STORE_PATIENCE} at
 * most.
 */
export class SharedLimiter implements RateLimiter {
  readonly #table: LimitTable
  readonly #store: LimitStore
  readonly #gateways: Int32Array
  readonly #now: () => number
  readonly #rate: Rate
  readonly #pace: Pace
  readonly #slack: number
  readonly #leases: Leases
  readonly #verdict = { isAdmitted: false, remaining: 0, retryAfter: 0, reset: 0 }
  #sharePace: Pace
  #shares = 1

  constructor({ table, store, gateways, now, secret }: SharedLimiterParts, rate: Rate) {
    this.#table = table
    this.#store = store
    this.#gateways = gateways
    this.#now = now
    this.#rate = rate
    this.#pace = new Pace(rate)
    this.#sharePace = this.#pace
    this.#slack = Math.ceil(STORE_PATIENCE / this.#pace.tick)
    this.#leases = new Leases(rate.burst, secret)
  }

  take(key: string, cost: number): Verdict | Promise<Verdict> {
    const now = this.#now()
    const pace = this.#pace
    const isLeased = this.#leases.use(key, cost, now)
    const debt = Math.round(this.#table.debtOf(key, now, pace) / pace.tick)
    if (isLeased) return this.#say(true, debt, cost)
    // One that is away is asked whatever is known: the answer says at least that it is back.
    if (pace.wait(debt, cost) > 0 && !this.#store.isAway) return this.#say(false, debt, cost)
    return this.#ask(key, cost, now, debt) ?? this.#takeHere(key, cost, now)
  }

  refund(key: string, cost: number): void {
    const now = this.#now()
    if (this.#store.isAway) {
      this.#table.refund(key, cost, now, this.#paceHere(cost))
      return
    }
    this.#table.refund(key, cost, now, this.#pace)
    this.#store.refund(key, cost, this.#pace)
  }

  #ask(key: string, cost: number, now: number, debt: number): Promise<Verdict> | undefined {
    const wish = this.#leases.wish(key, cost, now)
    const { ticket } = this.#leases
    const floor = Math.max(0, debt - this.#slack)
    const answer = this.#store.take({ key, pace: this.#pace, cost, wish, floor })
    if (!answer && wish > 0) this.#leases.add(key, ticket, 0, now)
    return answer?.then((grant) => {
      if (wish > 0) this.#leases.add(key, ticket, grant ? Math.max(0, grant.granted - cost) : 0, now)
      // Read later than others may be decided: it needs an object of its own.
      return grant ? this.#learn(key, cost, now, grant) : copy(this.#takeHere(key, cost, this.#now()))
    })
  }

  /** What the store said, as of when it was asked. */
  #learn(key: string, cost: number, sent: number, { granted, debt }: Grant): Verdict {
    const pace = this.#pace
    const now = this.#now()
    const owed = pace.milliseconds(debt) - (now - sent)
    if (owed > 0) this.#table.raise(key, owed, now, pace)
    return {
      isAdmitted: granted > 0,
      remaining: pace.room(debt),
      retryAfter: granted > 0 ? 0 : pace.milliseconds(pace.wait(debt, cost)),
      reset: pace.milliseconds(debt)
    }
  }

  #takeHere(key: string, cost: number, now: number): Verdict {
    return this.#table.take(key, cost, now, this.#paceHere(cost))
  }

  /** This gateway's share. */
  #paceHere(cost: number): Pace {
    const shares = Math.max(1, Atomics.load(this.#gateways, 0))
    if (shares !== this.#shares) {
      this.#shares = shares
      this.#sharePace = new Pace(this.#rate, shares)
    }
    // What costs more than the share of the burst comes through when nothing is owed.
    return cost > this.#sharePace.burst ? new Pace(this.#rate, shares, cost) : this.#sharePace
  }

  #say(isAdmitted: boolean, debt: number, cost: number): Verdict {
    const verdict = this.#verdict
    const pace = this.#pace
    verdict.isAdmitted = isAdmitted
    verdict.remaining = Math.min(pace.burst, pace.room(debt) + this.#leases.left)
    verdict.retryAfter = isAdmitted ? 0 : pace.milliseconds(pace.wait(debt, cost))
    verdict.reset = pace.milliseconds(debt)
    return verdict
  }
}

function copy({ isAdmitted, remaining, retryAfter, reset }: Verdict): Verdict {
  return { isAdmitted, remaining, retryAfter, reset }
}
