/** What was seen of a service over a short time. */
export interface LatencyWindow {
  /** Mean time to an answer, in milliseconds; above 0. */
  readonly latency: number
  /** Most requests that were under way at once. */
  readonly peak: number
  /** Whether some were refused for want of room. */
  readonly hasRefused: boolean
  /** When it ended: milliseconds of any clock that never goes back. */
  readonly now: number
}

/** Latency that is no sign of overload yet, as a multiple of the usual one. */
const TOLERANCE = 1.5
/** How much of a new limit is taken at once. */
const SMOOTHING = 0.2
/** Room for more than what is served now, or it would never be known that more can be. */
const HEADROOM = 4
/** The smallest gradient: the limit falls by no more than half of it times {@link SMOOTHING} in a window. */
const STEEPEST = 0.5

/** How much of a window's latency becomes usual: where it is lower, where nothing is in the way, and at the least limit. */
const LEARNING = { lower: 0.2, calm: 0.01, least: 0.1 }
/** The share of the limit below which a service has more room than it needs. */
const CALM = 0.9

/** How long a limit may be in use up to its end before the usual latency is measured anew, in milliseconds. */
const PROBE_EVERY = 30_000
/** How long a probe waits at most until what came before it is answered, in milliseconds. */
const LONGEST_DRAIN = 10_000

/**
 * How many requests a service can work on at once, found from its latency: Gradient2 of Netflix's concurrency-limits,
 * `limit × min(1, 1.5 × usual ÷ present latency) + 4`, smoothed.
 *
 * There the usual latency is a long average, which under lasting overload becomes that of the overload. Here it learns
 * upwards only from windows in which nobody was in the way, or at the smallest limit; downwards always. While the limit
 * is in use up to its end for long, it is halved for some windows now and then, and what the latency is then is usual: as
 * the minimum round trip is measured by Envoy's adaptive concurrency filter. A service that has become slower answers no
 * sooner then; one that has a queue does.
 */
export class Gradient2 {
  #least: number
  #most: number
  #limit: number
  #usual: number | undefined
  #busySince: number | undefined
  /** The limit to go back to after a probe. */
  #before: number | undefined
  /** From when on answers are of requests that the probe let through; and when the last window ended. */
  #probedFrom = 0
  #seenUntil = 0

  /**
   * @param min - At least 1.
   * @param max - At least `min`.
   * @param limit - To begin with.
   */
  constructor(min: number, max: number, limit = min) {
    this.#least = min
    this.#most = max
    this.#limit = Math.min(Math.max(limit, min), max)
  }

  /** Requests that may be under way at once. */
  get limit(): number {
    return Math.max(1, Math.floor(this.#limit))
  }

  /** The usual latency, in milliseconds; undefined before the first window. */
  get usual(): number | undefined {
    return this.#usual
  }

  /** Takes other bounds. */
  configure(min: number, max: number): void {
    this.#least = min
    this.#most = max
    this.#setLimit(this.#limit)
  }

  /** Takes in what was seen since the last time. */
  observe(window: LatencyWindow): void {
    const isBusy = window.hasRefused || window.peak >= CALM * this.#limit
    const since = this.#seenUntil
    this.#seenUntil = window.now
    if (this.#before !== undefined) {
      this.#probe(window, since, this.#before)
      return
    }
    this.#learn(window.latency, isBusy)
    this.#busySince = isBusy && this.#limit > this.#least ? (this.#busySince ?? window.now) : undefined
    if (window.peak >= this.#limit / 2) this.#follow(window.latency)
    if (this.#busySince !== undefined && window.now - this.#busySince >= PROBE_EVERY) {
      this.#before = this.#limit
      this.#probedFrom = window.now + Math.min(window.latency, LONGEST_DRAIN)
      this.#setLimit(this.#limit / 2)
    }
  }

  #follow(latency: number): void {
    const gradient = Math.min(Math.max((TOLERANCE * this.#usual!) / latency, STEEPEST), 1)
    this.#setLimit((1 - SMOOTHING) * this.#limit + SMOOTHING * (this.#limit * gradient + HEADROOM))
  }

  #learn(latency: number, isBusy: boolean): void {
    const usual = (this.#usual ??= latency)
    if (latency < usual) this.#usual = usual + LEARNING.lower * (latency - usual)
    else if (this.#limit <= this.#least) this.#usual = usual + LEARNING.least * (latency - usual)
    else if (!isBusy) this.#usual = usual + LEARNING.calm * (latency - usual)
  }

  /**
   * The first windows still have what came before, and waited behind it: of a slow service more of them than of a quick
   * one. What the next one shows is what the service can do, if it can.
   */
  #probe({ latency, now }: LatencyWindow, since: number, before: number): void {
    if (since < this.#probedFrom) return
    this.#usual = latency
    this.#before = undefined
    this.#busySince = now
    this.#setLimit(before)
  }

  #setLimit(limit: number): void {
    this.#limit = Math.min(Math.max(limit, this.#least), this.#most)
  }
}
