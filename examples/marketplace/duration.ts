const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** Pattern of a duration in a JSON schema: `500ms`, `10s`, `1m`. */
export const DURATION_PATTERN = '^[0-9]{1,6}(ms|s|m)$'

/**
 * Milliseconds of a duration such as `10s`.
 *
 * @throws RangeError when the text is not one.
 */
export function milliseconds(duration: string): number {
  const match = new RegExp(DURATION_PATTERN).exec(duration)
  if (!match)
    throw new RangeError(`expected a duration such as 500ms, 10s or 1m, got ${JSON.stringify(duration)}`)
  const unit = match[1] ?? ''
  return Number(duration.slice(0, -unit.length)) * (UNITS[unit] ?? 1)
}
