/**
 * One Vary field of several (RFC 9110 section 12.5.5): every name once, in the spelling that came first, and `*` alone
 * where it is among them.
 *
 * @param values - As they come in fields: lists of names.
 */
export function mergedVary(values: readonly string[]): string {
  const names = new Map<string, string>()
  for (const item of values.join(',').split(',')) {
    const name = item.trim()
    if (name === '*') return '*'
    const key = name.toLowerCase()
    if (name !== '' && !names.has(key)) names.set(key, name)
  }
  return [...names.values()].join(', ')
}
