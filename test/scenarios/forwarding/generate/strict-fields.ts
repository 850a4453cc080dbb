/** Names and values in turn, latin1, in the order in which they came. */
export type Fields = readonly string[]

const FIELD =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$/

/** How a message's body is delimited. */
export type Framing = { kind: 'none' } | { kind: 'length'; length: number } | { kind: 'chunked' }

/**
 * Reads field lines without any leniency (RFC 9112 section 5): no folding, no space before the colon, no control
 * character.
 *
 * @returns undefined when one of them is no field line.
 */
export function readFields(lines: readonly string[]): string[] | undefined {
  const fields: string[] = []
  for (const line of lines) {
    const found = FIELD.exec(line)
    if (!found) return undefined
    fields.push(found[1]!, found[2]!)
  }
  return fields
}

/** All values of a field. */
export function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter((_, index) => index % 2 === 1 && fields[index - 1]!.toLowerCase() === name)
}

/** The fields whose lower-case name passes. */
export function filterFields(fields: Fields, isKept: (name: string) => boolean): string[] {
  const kept: string[] = []
  for (let index = 0; index < fields.length; index += 2) {
    if (isKept(fields[index]!.toLowerCase())) kept.push(fields[index]!, fields[index + 1]!)
  }
  return kept
}

/**
 * How a body is delimited (RFC 9112 section 6.3), where nothing is left to interpretation: one Content-Length of digits,
 * or one Transfer-Encoding that says `chunked`, or neither.
 *
 * @returns undefined for anything else.
 */
export function readFraming(fields: Fields, minorVersion: number): Framing | undefined {
  const lengths = valuesOf(fields, 'content-length')
  const codings = valuesOf(fields, 'transfer-encoding')
  if (lengths.length + codings.length === 0) return { kind: 'none' }
  if (lengths.length + codings.length > 1) return undefined
  if (codings.length === 1)
    return minorVersion === 1 && codings[0]!.toLowerCase() === 'chunked' ? { kind: 'chunked' } : undefined
  const length = Number(lengths[0])
  if (!/^\d+$/.test(lengths[0]!) || !Number.isSafeInteger(length)) return undefined
  return { kind: 'length', length }
}
