/** A look at growing counters. */
interface Look {
  /** Seconds. */
  readonly at: number
  readonly counts: readonly number[]
}

/** Growing counters as they were lately, so that what they did meanwhile can be told. */
export class CounterWindow {
  readonly #length: number
  readonly #looks: Look[] = []

  /** @param length - Seconds that it goes back. */
  constructor(length: number) {
    this.#length = length
  }

  /** How many counters are looked at. */
  get places(): number {
    return this.#looks.at(-1)?.counts.length ?? 0
  }

  /**
   * Takes a look. Counters that went back belong to somebody else now: what was before is forgotten.
   *
   * @param at - Seconds of any clock that never goes back.
   * @param counts - Always as many.
   */
  look(at: number, counts: readonly number[]): void {
    const looks = this.#looks
    const last = looks.at(-1)
    if (last && isBack(last.counts, counts)) looks.length = 0
    looks.push({ at, counts })
    // The one that begins the window stays.
    while (looks.length > 2 && looks[1]!.at <= at - this.#length) looks.shift()
  }

  /**
   * What a counter grew by in a second.
   *
   * @param length - Seconds that it goes back; by default the whole window.
   * @returns null before there are two looks.
   */
  rate(place: number, length = this.#length): number | null {
    const [from, to] = this.#ends(length)
    if (!from || !to || to.at <= from.at) return null
    return (to.counts[place]! - from.counts[place]!) / (to.at - from.at)
  }

  /** What the counters from one place on to before another grew by over the window. */
  growth(start: number, end: number): number[] {
    const [from, to] = this.#ends(this.#length)
    const grown: number[] = []
    for (let place = start; place < end; place++) {
      grown.push(from && to ? to.counts[place]! - from.counts[place]! : 0)
    }
    return grown
  }

  /** The last look, and the latest that is so long before it; if none is, the first. */
  #ends(length: number): [from?: Look, to?: Look] {
    const looks = this.#looks
    const to = looks.at(-1)
    if (!to || looks.length < 2) return []
    let place = looks.length - 2
    while (place > 0 && looks[place]!.at > to.at - length) place--
    return [looks[place]!, to]
  }
}

function isBack(before: readonly number[], after: readonly number[]): boolean {
  for (let place = 0; place < after.length; place++) if (after[place]! < before[place]!) return true
  return false
}
