/*
 * The generic cell rate algorithm (ITU-T I.371), as a virtual scheduler: of each key it keeps one number, the theoretical
 * arrival time (TAT) of the next request if all came evenly. A request may come ahead of it by what the burst allows.
 *
 * Times are whole ticks, of which an interval has a power of two: all that is added and compared is an integer below
 * 2^53, so that nothing is ever rounded, and no sum of errors lets one request more or less through.
 */

/** How much may come, of one key. */
export interface Rate {
  /** Requests that one period brings, at least 1. */
  readonly limit: number
  /** The period, in milliseconds. */
  readonly per: number
  /** Requests that may come at once after a pause, at least 1. */
  readonly burst: number
}

/** The shortest tick that is of use, in milliseconds: clocks are no better. */
const FINEST_TICK = 0.001
/** A quotient of two floats may be a hair below the whole number that it stands for. */
const HAIR = 0.01

/** A {@link Rate} in ticks. Over any time t it lets no more through than burst + t × limit ÷ per. */
export class Pace {
  /** Ticks between two requests at the limit: a power of two, times the shares. */
  readonly interval: number
  /** Ticks that the TAT may be ahead of now, at most. */
  readonly depth: number
  readonly burst: number
  /** Length of a tick, in milliseconds. */
  readonly tick: number

  /**
   * @param shares - How many count apart, each with a share of the rate: a request counts as so many, on the same ticks
   *   and up to the same debt, so that a debt means the same under both paces.
   * @param least - Cost that may come at once whatever the share.
   */
  constructor({ limit, per, burst }: Rate, shares = 1, least = 1) {
    const interval = per / limit
    const own = Math.max(1, 2 ** Math.floor(Math.log2(interval / FINEST_TICK)))
    this.tick = interval / own
    this.interval = own * shares
    this.depth = Math.max(burst * own, least * this.interval)
    this.burst = Math.floor(this.depth / this.interval)
  }

  /** Ticks of a moment. @param now - Milliseconds of any clock that never goes back. */
  at(now: number): number {
    return Math.floor(now / this.tick + HAIR)
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
