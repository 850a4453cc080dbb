import type { Chance } from './chance.ts'
import { mutate } from './mutate.ts'
import { randomRequest } from './random-request.ts'
import { attack } from './smuggling.ts'

/** Bodies are short: what is damaged is the lines around them. */
const LONGEST_BODY = 300

/** What a hostile or broken client sends on one connection. */
export interface DamagedBytes {
  /** Latin1. */
  readonly text: string
  /** How many requests it was made from. */
  readonly requests: number
}

/** Damages valid requests in a row, or puts a known attack between them, damaged at times as well. */
export function damagedBytes(chance: Chance, seed: number): DamagedBytes {
  const count = 1 + chance.below(4)
  const attacked = chance.oneIn(2) ? chance.below(count) : -1
  let text = ''
  for (let number = 0; number < count; number++) {
    const marker = `${seed}-${number}`
    const isLast = number === count - 1
    text +=
      number === attacked
        ? attack(chance, marker)
        : randomRequest(chance, { marker, isLast, longest: LONGEST_BODY }).bytes
  }
  const times = attacked === -1 ? 1 + chance.below(4) : chance.below(2)
  return { text: mutate(chance, text, times), requests: count }
}
