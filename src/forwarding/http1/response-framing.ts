/** The body is chunked. */
export const CHUNKED = -1
/** The body ends with its connection. */
export const UNTIL_CLOSE = -2
/** The body's end can't be told for sure. */
export const INVALID = -3

/**
 * How long a response's body is (RFC 9112 section 6.3), from fields that llhttp has let pass: it has refused
 * Content-Length beside Transfer-Encoding, a second Content-Length, and one that is no number.
 *
 * A Transfer-Encoding other than just `chunked` is refused: nothing asked for another coding (RFC 9110 section
 * 10.1.4), and without the field, which ends at this hop, the body would be unreadable.
 *
 * @param fields - Names and values in turn.
 * @returns Bytes, or one of the constants.
 */
export function bodyLength(fields: readonly string[]): number {
  let length = UNTIL_CLOSE
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!
    if (name.length === 14 && isName(name, 'content-length')) {
      length = Number(fields[index + 1])
      if (!Number.isSafeInteger(length)) return INVALID
    } else if (name.length === 17 && isName(name, 'transfer-encoding')) {
      if (length !== UNTIL_CLOSE || fields[index + 1]!.toLowerCase() !== 'chunked') return INVALID
      length = CHUNKED
    }
  }
  return length
}

/**
 * How long the backend keeps an idle connection, as its Keep-Alive says (`timeout=5`).
 *
 * @returns Milliseconds; undefined when it does not say.
 */
export function keepAliveHint(fields: readonly string[]): number | undefined {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!
    if (name.length !== 10 || !isName(name, 'keep-alive')) continue
    const seconds = /(?:^|[,\s])timeout\s*=\s*"?(\d{1,7})/i.exec(fields[index + 1]!)?.[1]
    if (seconds !== undefined) return Number(seconds) * 1000
  }
  return undefined
}

/** Whether Connection says that no other message follows. */
export function saysClose(fields: readonly string[]): boolean {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!
    if (name.length === 10 && isName(name, 'connection') && /\bclose\b/i.test(fields[index + 1]!)) return true
  }
  return false
}

/** Takes the white space off the ends of values, in place (RFC 9112 section 5: it is not part of them). */
export function trimmed(fields: string[]): void {
  for (let index = 1; index < fields.length; index += 2) {
    const value = fields[index]!
    let { length } = value
    while (length > 0 && isBlank(value.charCodeAt(length - 1))) length--
    if (length < value.length) fields[index] = value.slice(0, length)
  }
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

function isName(name: string, lowerCase: string): boolean {
  return name === lowerCase || name.toLowerCase() === lowerCase
}
