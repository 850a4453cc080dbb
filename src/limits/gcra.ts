/*
 * The generic cell rate algorithm (ITU-T I.371), as a virtual scheduler: of each key it keeps one number, the theoretical
 * arrival time (TAT) of the next request if all came evenly. A request may come ahead of it by what the burst allows.
 *
 * Times are whole ticks, of which an interval has a power of two: all that is added and compared is an integer below
 * 2^53, so that nothing is ever rounded, and no sum of errors lets one request more or less through.
 */

/** How much may come, of one key. */
export interface Rate {
  /** Requests that one period brings, 1 to 10^9. */
  readonly limit: number
  /** The period, in milliseconds. */
  readonly per: number
  /** Requests that may come at once after a pause, 1 to 10^9. */
  readonly burst: number
}

/** The shortest tick that is of use, in milliseconds: clocks are no better. */
const FINEST_TICK = 0.001
/** A burst has at most 2 to this power of ticks: so there is room for the clock, and for costs far above a share. */
const DEEPEST = 42

/**
 * A {@link Rate} in ticks. Over any time t, as a clock of ticks counts it, no more comes through than
 * burst + t × limit ÷ per. A tick is 1 to 2 µs, or longer where a whole burst takes weeks to come back; an interval
 * shorter than that is one tick.
 */
export class Pace {
  /** Ticks between two requests at the limit: a power of two, times the shares. */
  readonly interval: number
  /** Ticks that the TAT may be ahead of now, at most. */
  readonly depth: number
  readonly burst: number
  /** Ticks of the rate's burst, whatever the shares: who has another one, or another {@link tick}, has another rate. */
  readonly whole: number
  /** Length of a tick, in milliseconds. */
  readonly tick: number

  /**
   * @param shares - How many count apart, each with a share of the rate: a request counts as so many, on the same ticks
   *   and up to the same debt, so that a debt means the same under both paces.
   * @param least - Cost that may come at once whatever the share.
   */
  constructor({ limit, per, burst }: Rate, shares = 1, least = 1) {
    const interval = per / limit
    const finest = Math.floor(Math.log2(interval / FINEST_TICK))
    const own = 2 ** Math.max(0, Math.min(finest, DEEPEST - Math.ceil(Math.log2(burst))))
    this.tick = interval / own
    this.interval = own * shares
    this.whole = burst * own
    this.depth = Math.max(this.whole, least * this.interval)
    this.burst = Math.floor(this.depth / this.interval)
  }

  /**
   * The tick of a moment: the nearest, as a quotient of two floats may be a hair below the whole number that it stands
   * for.
   *
   * @param now - Milliseconds of any clock, up to 10^11.
   */
  at(now: number): number {
    return Math.round(now / this.tick)
  }

  /** Milliseconds of so many ticks. */
  milliseconds(ticks: number): number {
    return ticks * this.tick
  }

  /**
   * How far ahead of now a TAT is: what of the burst is used up, in ticks, from 0 to {@link depth}. One that another
   * pace has left further ahead counts as all of it.
   */
  debt(tat: number, now: number): number {
    return Math.min(Math.max(0, tat - now), this.depth)
  }

  /**
   * The TAT of a key with this debt. With more than a million requests per second, ticks may be so short that the clock
   * has more than 2^53 of them: what is rounded then is rounded up, and nobody gets more.
   */
  tat(debt: number, now: number): number {
    const tat = now + debt
    return tat - now < debt ? tat * (1 + Number.EPSILON) : tat
  }

  /** Requests that a key with this debt may send at once. */
  room(debt: number): number {
    return Math.floor((this.depth - debt) / this.interval)
  }

  /**
   * Ticks until a key with this debt may send something of this cost; 0 or less = now.
   *
   * @param cost - At most the burst: more never comes through.
   */
  wait(debt: number, cost: number): number {
    return debt + cost * this.interval - this.depth
  }
}
