const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Pattern of a duration, for the published schema. */
export const DURATION_PATTERN = '^\\d+(?:ms|s|m|h)$'

/**
 * Reads a duration: a whole number and a unit, `250ms`, `2s`, `1m`, `1h`.
 *
 * @returns Milliseconds, or undefined when the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(?<count>\d+)(?<unit>ms|s|m|h)$/.exec(text)
  if (!match?.groups) return undefined
  return Number(match.groups['count']) * MILLISECONDS[match.groups['unit'] as keyof typeof MILLISECONDS]
}

const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Pattern of a size, for the published schema. */
export const SIZE_PATTERN = '^\\d+(?:B|KiB|MiB|GiB)$'

/**
 * Reads a size: a whole number and a binary unit, `512B`, `64KiB`, `10MiB`, `1GiB`.
 *
 * @returns Bytes, or undefined when the text is no size.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(?<count>\d+)(?<unit>B|KiB|MiB|GiB)$/.exec(text)
  if (!match?.groups) return undefined
  return Number(match.groups['count']) * BYTES[match.groups['unit'] as keyof typeof BYTES]
}

/** Writes milliseconds in the largest unit that keeps a whole number: 90000 → `90s`, 60000 → `1m`. */
export function formatDuration(milliseconds: number): string {
  const units = Object.entries(MILLISECONDS).toReversed()
  const [unit, size] = units.find(([, size]) => milliseconds >= size && milliseconds % size === 0) ?? [
    'ms',
    1
  ]
  return `${milliseconds / size}${unit}`
}
