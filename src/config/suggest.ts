import { closestMatch } from 'leven'

/** Longer lists than this are not printed. */
const FEW = 12

/**
 * The known word that was probably meant: at most a third of the letters differ, but always one may; or it has the
 * same letters in another order. Case does not count.
 *
 * @returns undefined when nothing is close.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const sameLetters = known.find((candidate) => lettersOf(candidate) === lettersOf(word))
  if (sameLetters !== undefined) return sameLetters
  return closestMatch(word, known, { maxDistance: Math.max(1, Math.floor(word.length / 3)) })
}

function lettersOf(word: string): string {
  return word.toLowerCase().split('').sort().join('')
}

/** `; did you mean "healthCheck"?`, or nothing when no known word is close. */
export function didYouMean(word: string, known: readonly string[]): string {
  const close = suggest(word, known)
  return close === undefined ? '' : `; did you mean ${JSON.stringify(close)}?`
}

/** As {@link didYouMean}, but lists the known words when none is close and they are few: `; expected a, b`. */
export function didYouMeanOrList(word: string, known: readonly string[]): string {
  const hint = didYouMean(word, known)
  if (hint !== '' || known.length === 0 || known.length > FEW) return hint
  return `; expected ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}`
}
