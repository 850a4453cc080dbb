import type { LivePage, LiveTable } from './live-table.ts'

/** Classes of requests: 0 is shed last. */
const CLASSES = 3

/** What is left after a second of what is kept, as long as it is needed. */
const FADING = 0.7

/** Words, gauges and counters of a group's load, by their place behind the group's other ones. */
const WORD = {
  /** Requests that may be under way at once; 0 = not set yet. Written by the control plane. */
  limit: 0,
  /** Most that were, since the control plane looked. */
  peak: 1,
  /** Most that the first class, and the first two together, had or wanted since the control plane looked. */
  demand: 2,
  /** What is kept for the first class, and for the first two together, what they have included. */
  kept: 4
} as const

/** Counters of a row. */
const COUNTER = {
  /** Requests that a backend answered, and the milliseconds that took them. */
  answered: 0,
  answeredTime: 1,
  /** Those that nobody answered in time: their clients left, or a timeout passed. */
  unanswered: 2,
  unansweredTime: 3,
  /** Refused, by class. */
  refused: 4
} as const

/** What a group's load takes of its slot. */
export const LOAD_LAYOUT = { shared: 6, gauges: CLASSES, counters: COUNTER.refused + CLASSES } as const

/** Where the load of a group begins in its slot. */
export interface LoadPlace {
  readonly word: number
  readonly gauge: number
  readonly counter: number
}

/** Requests and the milliseconds that they took, since the beginning. */
export interface LoadTotals {
  readonly answered: number
  readonly answeredTime: number
  readonly unanswered: number
  readonly unansweredTime: number
}

/**
 * How many requests of a group await the head of their response, by class, over all threads; and how many may. As soon
 * as somebody of the first two classes is refused, what these needed of late is kept free of the classes behind them;
 * until then, and again when nobody was for a while, whoever comes may have all.
 */
export class GroupLoad {
  readonly #table: LiveTable
  readonly #slot: number
  readonly #page: LivePage
  readonly #gauge: number
  readonly #word: number
  readonly #ownGauge: number
  readonly #ownCounter: number
  readonly #counter: number

  /** @param row - The calling thread's. */
  constructor(table: LiveTable, slot: number, row: number, place: LoadPlace) {
    this.#table = table
    this.#slot = slot
    this.#page = table.page(slot)
    this.#gauge = place.gauge
    this.#word = table.sharedIndex(slot) + place.word
    this.#ownGauge = table.gaugeIndex(slot, row) + place.gauge
    this.#ownCounter = table.counterIndex(slot, row) + place.counter
    this.#counter = place.counter
  }

  /** Requests that may be under way at once; 0 = not set yet. */
  get limit(): number {
    return Atomics.load(this.#page.shared, this.#word + WORD.limit)
  }

  /** Sets it. Only the control plane does. */
  setLimit(limit: number): void {
    Atomics.store(this.#page.shared, this.#word + WORD.limit, limit)
  }

  /** Requests under way, of this class and those before it. @param last - 0 to 2. */
  underWay(last = CLASSES - 1): number {
    let sum = 0
    for (let each = 0; each <= last; each++) sum += this.#count(each)
    return sum
  }

  /**
   * Counts a request in. Every call that returns true is paired with one {@link leave}.
   *
   * @param of - Its class, 0 to 2.
   * @param most - The limit until the control plane has set one.
   */
  enter(of: number, most: number): boolean {
    const { gauges, counters } = this.#page
    const limit = this.limit || most
    for (;;) {
      Atomics.add(gauges, this.#ownGauge + of, 1)
      // Read atomically: of two threads that add at once, at least one must see the other.
      const first = this.#count(0)
      const second = this.#count(1)
      const third = this.#count(2)
      const upper = this.#upper(first, second)
      // What its class wants, whether it gets it or not.
      if (of === 0) this.#raise(WORD.demand, first)
      if (of <= 1) this.#raise(WORD.demand + 1, upper)
      if (this.#taken(of, first, second, third) <= limit) {
        this.#raise(WORD.peak, first + second + third)
        return true
      }
      Atomics.sub(gauges, this.#ownGauge + of, 1)
      // Two threads that reach for the last place at once both back out. The last to do so finds it free.
      if (this.#taken(of, this.#count(0), this.#count(1), this.#count(2)) >= limit) {
        counters[this.#ownCounter + COUNTER.refused + of]!++
        if (of <= 1) this.#keep(upper)
        return false
      }
    }
  }

  /** Counts a request in again that had given its place back, whether there is one or not: it was let in before. */
  enterAgain(of: number): void {
    Atomics.add(this.#page.gauges, this.#ownGauge + of, 1)
    this.#raise(WORD.peak, this.underWay())
  }

  /** Counts a request out. */
  leave(of: number): void {
    Atomics.sub(this.#page.gauges, this.#ownGauge + of, 1)
  }

  /** A backend answered a request. @param milliseconds - Since it was counted in. */
  answered(milliseconds: number): void {
    const { counters } = this.#page
    counters[this.#ownCounter + COUNTER.answered]!++
    counters[this.#ownCounter + COUNTER.answeredTime]! += milliseconds
  }

  /** Nobody has answered a request for so long, and nobody will. @param milliseconds - Since it was counted in. */
  unanswered(milliseconds: number): void {
    const { counters } = this.#page
    counters[this.#ownCounter + COUNTER.unanswered]!++
    counters[this.#ownCounter + COUNTER.unansweredTime]! += milliseconds
  }

  /** What all threads have counted so far. */
  get totals(): LoadTotals {
    return {
      answered: this.#sum(COUNTER.answered),
      answeredTime: this.#sum(COUNTER.answeredTime),
      unanswered: this.#sum(COUNTER.unanswered),
      unansweredTime: this.#sum(COUNTER.unansweredTime)
    }
  }

  /** Requests that were refused so far, of the three classes. */
  get refused(): readonly [number, number, number] {
    const of = (each: number): number => this.#sum(COUNTER.refused + each)
    return [of(0), of(1), of(2)]
  }

  /** Most that were under way at once since the last call. Only the control plane asks. */
  takePeak(): number {
    return Atomics.exchange(this.#page.shared, this.#word + WORD.peak, this.underWay())
  }

  /**
   * Goes on to another second: what is kept follows what was needed in the last one, falling slowly, or is given up.
   * Only the control plane says so.
   *
   * @param isNeeded - Whether somebody of the first two classes was refused of late.
   */
  ageDemand(isNeeded: boolean): void {
    const { shared } = this.#page
    for (let each = 0; each < 2; each++) {
      const present = each === 0 ? this.#count(0) : this.#upper(this.#count(0), this.#count(1))
      const latest = Atomics.exchange(shared, this.#word + WORD.demand + each, present)
      const kept = shared[this.#word + WORD.kept + each]!
      const next = isNeeded ? Math.max(latest, Math.floor(kept * FADING)) : Math.floor(kept / 2)
      Atomics.store(shared, this.#word + WORD.kept + each, next)
    }
  }

  #sum(place: number): number {
    return this.#table.counter(this.#slot, this.#counter + place)
  }

  #count(of: number): number {
    return this.#table.gauge(this.#slot, this.#gauge + of)
  }

  /** Places that are not free for this class: those that others have, and those that are kept for who matters more. */
  #taken(of: number, first: number, second: number, third: number): number {
    if (of === 0) return first + second + third
    const upper = this.#upper(first, second)
    return third + (of === 1 ? upper : Math.max(upper, this.#page.shared[this.#word + WORD.kept + 1]!))
  }

  /**
   * What the first two classes have together. What is kept for the first is not for the second either: if that were left
   * out, the third would get as much of the rest as the second.
   */
  #upper(first: number, second: number): number {
    return Math.max(first, this.#page.shared[this.#word + WORD.kept]!) + second
  }

  /** Somebody who matters was refused: from now on, what is needed is kept. */
  #keep(upper: number): void {
    this.#raise(WORD.kept, this.#page.shared[this.#word + WORD.demand]!)
    this.#raise(WORD.kept + 1, upper)
  }

  /** Two threads that raise a word at once may lose the smaller step: it is a measure, not a count. */
  #raise(word: number, value: number): void {
    const { shared } = this.#page
    if (shared[this.#word + word]! < value) Atomics.store(shared, this.#word + word, value)
  }
}
