import type { StatusRange } from './types.ts'

/** Pattern of a status range as text, for the published schema. */
export const STATUS_PATTERN = '^[1-5]\\d{2}(?:-[1-5]\\d{2})?$'

/**
 * Reads one entry of `expect.status`: a code (204, `'204'`) or an inclusive range (`'200-299'`), 100 to 599.
 *
 * @returns undefined when it is neither, or the range ends before it starts.
 */
export function parseStatusRange(entry: number | string): StatusRange | undefined {
  if (typeof entry === 'number') {
    return Number.isInteger(entry) && entry >= 100 && entry <= 599 ? { from: entry, to: entry } : undefined
  }
  const match = /^(?<from>[1-5]\d{2})(?:-(?<to>[1-5]\d{2}))?$/.exec(entry)
  if (!match?.groups) return undefined
  const from = Number(match.groups['from'])
  const to = Number(match.groups['to'] ?? from)
  return from <= to ? { from, to } : undefined
}
