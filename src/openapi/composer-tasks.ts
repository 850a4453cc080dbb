import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { AuthConfig, RouteConfig } from '../config/types.ts'
import { compose, type GroupReport } from './compose.ts'
import { type Contract, contractOf } from './contract.ts'
import { DocumentError } from './document-error.ts'
import type { GroupDocument, LeftOut } from './plan.ts'
import { type PublishedDocuments, sharedBytes } from './published.ts'
import { readDocument } from './read-document.ts'

/** A group's document, as JSON. */
export interface StoredDocument {
  readonly group: string
  /** Path that a backend serves it at. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** Looks at a document as it came from a backend. */
export interface ReadTask extends StoredDocument {
  readonly kind: 'read'
}

/** Composes documents that were found good. */
export interface ComposeTask {
  readonly kind: 'compose'
  readonly documents: readonly StoredDocument[]
  readonly routes: readonly RouteConfig[]
  readonly auth: AuthConfig | undefined
  /** Groups whose requests are checked. */
  readonly checked: readonly string[]
}

/** What came of a {@link ReadTask}: the document as JSON, or why it can't be used. */
export type ReadResult =
  | { readonly bytes: Uint8Array; readonly operations: number }
  | { readonly reason: string; readonly at: string }

/** What came of a {@link ComposeTask}. */
export interface ComposeResult {
  readonly published: PublishedDocuments
  readonly groups: readonly GroupReport[]
  readonly leftOut: readonly LeftOut[]
}

/** A route that reaches all of a document. */
const ALL: RouteConfig = { name: 'all', path: '/', upstream: '', mode: 'stream', source: '' }

/** Reads a document, and makes sure that it can be composed. */
export function read({ group, path, bytes }: ReadTask): ReadResult {
  const text = decoded(bytes)
  if (text === undefined) return { reason: 'not_json_or_yaml', at: '' }
  try {
    const document = readDocument(text)
    const parts = { documents: [{ group, path, document }], routes: [{ ...ALL, upstream: group }], base: {} }
    const { groups } = compose(parts)
    const json = /^\s*\{/.test(text) ? bytes : Buffer.from(JSON.stringify(document.root))
    return { bytes: sharedBytes(json), operations: groups[0]!.described }
  } catch (error) {
    if (error instanceof DocumentError) return { reason: error.reason, at: error.at }
    // The stack has an end.
    if (error instanceof RangeError) return { reason: 'too_deep', at: '' }
    throw error
  }
}

/** @param bytes - In shared memory, perhaps, which a decoder does not take. */
function decoded(bytes: Uint8Array): string | undefined {
  const copy = Buffer.from(bytes)
  return isUtf8(copy) ? copy.toString() : undefined
}

/** Composes. @param base - The gateway's own document. */
export function composeAll(task: ComposeTask, base: GroupDocument['document']['root']): ComposeResult {
  const documents = task.documents.map(({ group, path, bytes }) => ({
    group,
    path,
    document: readDocument(Buffer.from(bytes).toString())
  }))
  const { routes, auth, checked } = task
  const { document, groups, leftOut } = compose({ documents, routes, auth, base })
  const body = sharedBytes(Buffer.from(JSON.stringify(document)))
  const etag = `"${createHash('sha256').update(Buffer.from(body)).digest('base64url').slice(0, 27)}"`
  const contracts: Contract[] = documents
    .filter(({ group }) => checked.includes(group))
    .map((each) => contractOf(each))
  return { published: { body, etag, contracts }, groups, leftOut }
}
