/** A number with about three digits that count: what nobody sees needs not be sent. */
export function rounded(value: number | null): number | null {
  if (value === null || value === 0) return value
  // By multiplication: toPrecision took a tenth of a look at a thousand backends.
  const scale = 10 ** Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return Math.round(value * scale) / scale
}
