import { seeded } from '../../test/balancing/seeded.ts'

/** Which backends are slow, and when. */
export interface Scenario {
  readonly name: string
  /** For headings. */
  readonly title: string
  /** After how many milliseconds two others are slow; undefined = always the same two. */
  readonly moveEvery: number | undefined
}

/** The scenarios by the names that the command line knows. */
export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map(
  [
    { name: 'fixed', title: 'two slow backends, always the same', moveEvery: undefined },
    { name: 'moving', title: 'two slow backends, others every 3 s', moveEvery: 3_000 }
  ].map((scenario) => [scenario.name, scenario])
)

/** How many backends there are. */
export const BACKENDS = 10
/** How many requests a backend serves at a time; the others wait in the order in which they came. */
export const SLOTS = 4
/** Mean of the exponential service times, in milliseconds: timers of whole milliseconds don't show. */
export const MEAN = 40
/** How many backends are slow at a time. */
export const SLOW = 2
/** How many times slower they are. */
export const SLOWNESS = 8

/** What all backends can serve together, slow ones included, in requests a second. */
export const CAPACITY = ((BACKENDS - SLOW + SLOW / SLOWNESS) * SLOTS * 1000) / MEAN

/** An exponentially distributed time of this mean. @param random - 0 inclusive to 1 exclusive. */
export function exponential(random: () => number, mean: number): number {
  return -mean * Math.log(1 - random())
}

/** When requests are due, in milliseconds from the start: a Poisson process, the same for the same seed. */
export function arrivals(seed: number, perSecond: number, until: number): number[] {
  const random = stream(seed, BACKENDS)
  const times: number[] = []
  for (let at = 0; ; times.push(at)) {
    at += exponential(random, 1000 / perSecond)
    if (at >= until) return times
  }
}

/** Service times of one backend were it well, in milliseconds: the same sequence for the same seed. */
export function serviceTimes(seed: number, place: number): () => number {
  const random = stream(seed, place)
  return () => exponential(random, MEAN)
}

/**
 * Who is slow: the same schedule for the same seed. Over five moves each of the ten had its turn, in an order that
 * chance made.
 */
export class SlowSchedule {
  readonly #random: () => number
  readonly #moveEvery: number
  #order: number[] = []
  #slow: readonly number[] = []
  #move = -1

  constructor(seed: number, { moveEvery = Infinity }: Pick<Scenario, 'moveEvery'>) {
    this.#random = stream(seed, BACKENDS + 1)
    this.#moveEvery = moveEvery
  }

  /** @param at - Milliseconds from the start; not before that of the last call. */
  isSlow(place: number, at: number): boolean {
    for (const move = Math.floor(at / this.#moveEvery); this.#move < move; this.#move++) {
      if (this.#order.length === 0) this.#order = this.#shuffled()
      this.#slow = this.#order.splice(0, SLOW)
    }
    return this.#slow.includes(place)
  }

  #shuffled(): number[] {
    const places = Array.from({ length: BACKENDS }, (_, place) => ({ place, turn: this.#random() }))
    return places.toSorted((a, b) => a.turn - b.turn).map(({ place }) => place)
  }
}

/** Each use of chance has a sequence of its own, so that none depends on how often another one was asked. */
function stream(seed: number, use: number): () => number {
  return seeded(seed * 1_000 + use)
}
