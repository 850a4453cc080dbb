/**
 * Whether a client has what this entity tag stands for (RFC 9110 section 13.1.2, compared weakly).
 *
 * @param field - Its If-None-Match; undefined when there is none.
 * @param etag - Strong, quoted.
 */
export function hasAlready(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false
  if (field.trim() === '*') return true
  return field.split(',').some((each) => each.trim().replace(/^W\//, '') === etag)
}
