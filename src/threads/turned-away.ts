/** How often it is told at most, in milliseconds. */
const INTERVAL = 10_000

/** Why a connection was turned away. */
export type TurnedAwayReason = 'max_connections' | 'max_connections_per_ip'

/** What is told of connections that were turned away since the last time. */
export interface TurnedAwayReport {
  readonly reason: TurnedAwayReason
  /** New ones that were closed at once. */
  readonly refused: number
  /** Idle ones that were closed for new ones. */
  readonly evicted: number
}

/** Tells of connections that were turned away: of the first at once, then of all the others together. */
export class TurnedAway {
  readonly reason: TurnedAwayReason
  readonly #observe: (report: TurnedAwayReport) => void
  #refused = 0
  #evicted = 0
  #timer: NodeJS.Timeout | undefined

  /** @param observe - Told at most every ten seconds. */
  constructor(reason: TurnedAwayReason, observe: (report: TurnedAwayReport) => void) {
    this.reason = reason
    this.#observe = observe
  }

  refused(): void {
    this.#refused++
    if (!this.#timer) this.#tell()
  }

  evicted(): void {
    this.#evicted++
    if (!this.#timer) this.#tell()
  }

  #tell(): void {
    const report = { reason: this.reason, refused: this.#refused, evicted: this.#evicted }
    this.#refused = 0
    this.#evicted = 0
    this.#observe(report)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#refused + this.#evicted > 0) this.#tell()
    }, INTERVAL).unref()
  }
}
