import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import { formatDuration, parseDuration } from './units.ts'

/** Longest time that most keys take, in milliseconds; a Node timer fires at once beyond 24.8 days. */
const MAX_DURATION = 24 * 3_600_000

/** Shortest time of what happens again and again on the control plane, in milliseconds: more often would be a load. */
export const MIN_INTERVAL = 100

/**
 * Checks the range of a duration.
 *
 * @param text - As written; undefined (missing, or wrong already) is no error.
 * @param least - Milliseconds.
 * @param most - Milliseconds.
 */
export function checkDuration(
  document: SourceDocument,
  path: Path,
  text: string | undefined,
  least = 0,
  most = MAX_DURATION
): Finding[] {
  const time = text === undefined ? undefined : parseDuration(text)
  if (time === undefined || (time >= least && time <= most)) return []
  const limit = time < least ? `at least ${formatDuration(least)}` : `at most ${formatDuration(most)}`
  return [{ path, message: `expected ${limit}, got ${quote(document, path, text)}` }]
}
