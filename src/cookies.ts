/*
 * The Cookie field (RFC 6265 section 4.2.1). Only one cookie of many is ever looked for, and the field is written again
 * without it, which parsers that make an object of all cookies don't do.
 */

/** The values, as they stand there, of all cookies of a name: a client may have several, of different paths. */
export function cookieValues(field: string | undefined, name: string): string[] {
  const values: string[] = []
  if (field === undefined || !field.includes(name)) return values
  for (const pair of field.split(';')) {
    const value = valueOf(pair, name)
    if (value !== undefined) values.push(value)
  }
  return values
}

/**
 * The field without some cookies of a name.
 *
 * @param isOut - Whether the cookie of this value is left out.
 * @returns The same text when none is; empty when nothing else is there.
 */
export function withoutCookies(field: string, name: string, isOut: (value: string) => boolean): string {
  if (!field.includes(name)) return field
  const pairs = field.split(';')
  const left = pairs.filter((pair) => {
    const value = valueOf(pair, name)
    return value === undefined || !isOut(value)
  })
  return left.length === pairs.length ? field : left.join(';').trim()
}

/** @returns undefined when the pair is another cookie's. */
function valueOf(pair: string, name: string): string | undefined {
  const text = pair.trim()
  return text.startsWith(name) && text[name.length] === '=' ? text.slice(name.length + 1) : undefined
}
