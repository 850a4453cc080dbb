import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import { formatDuration, parseDuration } from './units.ts'

/** Longest time that can be configured, in milliseconds; a Node timer fires at once beyond 24.8 days. */
const MAX_DURATION = 24 * 3_600_000

/**
 * Checks the range of a duration.
 *
 * @param text - As written; undefined (missing, or wrong already) is no error.
 * @param least - Milliseconds.
 */
export function checkDuration(
  document: SourceDocument,
  path: Path,
  text: string | undefined,
  least = 0
): Finding[] {
  const time = text === undefined ? undefined : parseDuration(text)
  if (time === undefined || (time >= least && time <= MAX_DURATION)) return []
  const limit = time < least ? `at least ${formatDuration(least)}` : `at most ${formatDuration(MAX_DURATION)}`
  return [{ path, message: `expected ${limit}, got ${quote(document, path, text)}` }]
}
