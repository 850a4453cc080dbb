import type { ComposeResult } from './composer-tasks.ts'
import type { DocumentView } from './document-source.ts'

/** The documents as the admin API shows them. */
export interface DocumentsView {
  /** Of the composed document; null before there is one. */
  readonly etag: string | null
  readonly groups: readonly (DocumentView & { readonly composed: number })[]
  /** Operations in whose place another route's stands: on other hosts, at the same path. */
  readonly leftOut: ComposeResult['leftOut']
}
