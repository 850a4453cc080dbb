/** Why a document of a backend can't be used. */
export type DocumentReason =
  | 'not_json_or_yaml'
  | 'too_deep'
  | 'too_many_values'
  | 'version_unsupported'
  | 'invalid'
  | 'external_ref'
  | 'unknown_ref'
  | 'circular_ref'

/** A document of a backend that can't be used. */
export class DocumentError extends Error {
  readonly reason: DocumentReason
  /** Where in the document, a JSON Pointer. */
  readonly at: string

  constructor(reason: DocumentReason, at = '') {
    super(`${reason} at ${at === '' ? 'the root' : at}`)
    this.name = 'DocumentError'
    this.reason = reason
    this.at = at
  }
}
