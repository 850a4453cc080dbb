import { seeded } from '../../../balancing/seeded.ts'

/** Repeatable chance: everything that a case does at random follows from its seed. */
export class Chance {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  /** A whole number from 0 to below the limit. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  /** So many characters out of an alphabet. */
  text(alphabet: string, length: number): string {
    let text = ''
    for (let index = 0; index < length; index++) text += alphabet[this.below(alphabet.length)]!
    return text
  }

  /** So many things made one after the other. */
  list<T>(length: number, make: () => T): T[] {
    return Array.from({ length }, make)
  }
}

/**
 * Seed of the first case of a test. The case with number n has the seed n above it, so that a failed one is repeated,
 * as the first case, by its own seed in XECUREAPI_SEED.
 *
 * @param byDefault - When the environment names none.
 * @throws TypeError when it names something else than a number.
 */
export function firstSeed(byDefault: number): number {
  const given = process.env.XECUREAPI_SEED
  if (given === undefined || given === '') return byDefault
  const seed = Number(given)
  if (!Number.isSafeInteger(seed)) throw new TypeError(`XECUREAPI_SEED: expected a number, not "${given}"`)
  return seed
}

/** Runs a case; its failure names the seed that repeats it. */
export async function withSeed(seed: number, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    throw new Error(`XECUREAPI_SEED=${seed} repeats this`, { cause: error })
  }
}

/**
 * Runs cases in a few lanes at once, until there are no more or time is up.
 *
 * @param until - By `performance.now()`; each lane runs one case at least.
 * @returns How many were run.
 */
export async function inLanes(
  lanes: number,
  count: number,
  until: number,
  run: (index: number) => Promise<void>
): Promise<number> {
  let next = 0
  const lane = async (): Promise<void> => {
    do {
      if (next >= count) return
      await run(next++)
    } while (performance.now() < until)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return next
}
