import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { AuthConfig, RouteConfig } from '../config/types.ts'
import { compose, type GroupReport } from './compose.ts'
import type { Contract } from './contract.ts'
import { DocumentError } from './document-error.ts'
import type { JsonObject } from './json.ts'
import type { GroupDocument, LeftOut } from './plan.ts'
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
}

/** Makes code of what requests of a group must be. */
export interface ContractTask extends StoredDocument {
  readonly kind: 'contract'
}

/** Whatever is asked of a composer. */
export type ComposerTask = ReadTask | ComposeTask | ContractTask

/** What the composer's process says to a task. */
export type ComposerAnswer = { readonly result: unknown } | { readonly error: string }

/** What came of a {@link ReadTask}: the document as JSON, where it was none, or why it can't be used. */
export type ReadResult =
  | { readonly json: Uint8Array | undefined; readonly operations: number }
  | { readonly reason: string; readonly at: string }

/** What came of a {@link ComposeTask}. */
export interface ComposeResult {
  /** The composed document as JSON. */
  readonly body: Uint8Array
  /** Strong validator of {@link body}, quoted. */
  readonly etag: string
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
    const json = /^\s*\{/.test(text) ? undefined : Buffer.from(JSON.stringify(document.root))
    return { json, operations: groups[0]!.described }
  } catch (error) {
    if (error instanceof DocumentError) return { reason: error.reason, at: error.at }
    // The stack has an end.
    if (error instanceof RangeError) return { reason: 'too_deep', at: '' }
    throw error
  }
}

function decoded(bytes: Uint8Array): string | undefined {
  const copy = bufferOf(bytes)
  return isUtf8(copy) ? copy.toString() : undefined
}

/** Composes. @param base - The gateway's own document. */
export function composeAll(task: ComposeTask, base: JsonObject): ComposeResult {
  const { routes, auth } = task
  const { document, groups, leftOut } = compose({ documents: task.documents.map(opened), routes, auth, base })
  const body = Buffer.from(JSON.stringify(document))
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
  return { body, etag, groups, leftOut }
}

/** Makes what requests of a group must be. */
export async function makeContract(task: ContractTask): Promise<Contract> {
  // Few ask for it, and what it takes is large.
  const { contractOf } = await import('./contract.ts')
  const hash = createHash('sha256').update(task.bytes).digest('base64')
  return { ...contractOf(opened(task)), hash }
}

/** A document that was found good. */
function opened({ group, path, bytes }: StoredDocument): GroupDocument {
  return { group, path, document: readDocument(bufferOf(bytes).toString()) }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
