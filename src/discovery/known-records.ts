import type { DnsAnswer } from './dns-lookup.ts'

/** Why what is known is not what the name server says now. */
export interface Doubt {
  /** `nxdomain`, `nodata`, `servfail`, `timeout`, `refused`, … */
  readonly reason: string
  /** When records that are said to be missing will be believed to be; absent = never: nobody knows. */
  readonly until?: number
}

/**
 * The records of one type of one name as they were last known. A failure changes nothing, ever; that there are none is
 * believed when it was said for a while without interruption, since a name server in trouble says so, too.
 */
export class KnownRecords<T> {
  readonly #believeAfter: number
  #records: readonly T[] = []
  #missingSince: number | undefined

  /** @param believeAfter - Milliseconds. */
  constructor(believeAfter: number) {
    this.#believeAfter = believeAfter
  }

  get records(): readonly T[] {
    return this.#records
  }

  /**
   * Takes the next answer.
   *
   * @param now - Milliseconds of a clock that never jumps.
   * @param elsewhere - Whether the name has records of the other type now: that it has none of this one is believed at
   *   once, and not to know of any is no failure.
   */
  take(answer: DnsAnswer<T>, now: number, elsewhere = false): Doubt | undefined {
    if (answer.kind === 'missing') return this.#miss(answer.reason, now, elsewhere)
    this.#missingSince = undefined
    if (answer.kind === 'records') {
      this.#records = answer.records
      return undefined
    }
    return elsewhere && this.#records.length === 0 ? undefined : { reason: answer.reason }
  }

  #miss(reason: string, now: number, elsewhere: boolean): Doubt | undefined {
    this.#missingSince ??= now
    const until = this.#missingSince + this.#believeAfter
    if (!elsewhere && now < until) return { reason, until }
    this.#records = []
    return undefined
  }
}

/** The doubt that weighs most: one that does not end by itself, else the one that does so last. */
export function worstDoubt(doubts: readonly (Doubt | undefined)[]): Doubt | undefined {
  return doubts
    .filter((doubt) => doubt !== undefined)
    .reduce<Doubt | undefined>(
      (worst, doubt) => (worst && (worst.until ?? Infinity) >= (doubt.until ?? Infinity) ? worst : doubt),
      undefined
    )
}
