import { createHash } from 'node:crypto'
import type { Backend } from '../upstreams/backend.ts'
import { type Composer, ComposerError } from './composer.ts'
import type { DocumentFailure, KnownDocument, Source } from './document-source.ts'
import type { DocumentAnswer, DocumentRequest } from './fetch-document.ts'

/** Backends that are asked in a row before a pause. */
const TRIES = 3

/** What asking takes. */
export interface AskParts {
  readonly ask: (request: DocumentRequest, stopped: AbortSignal) => Promise<DocumentAnswer>
  readonly composer: Pick<Composer, 'read'>
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/**
 * Asks backends of a group for its document, until one has a good one, which its source then knows.
 *
 * @param backends - All of the group.
 * @returns Why there is none; undefined when there is.
 */
export async function askBackends(
  source: Source,
  backends: readonly Backend[],
  parts: AskParts
): Promise<DocumentFailure | undefined> {
  let failure: DocumentFailure = { reason: 'no_usable_backend' }
  for (const { url, authority } of usableOf(backends, source.known, parts.random).slice(0, TRIES)) {
    const { settings, known, path } = source
    const etag = known?.url === url ? known.etag : undefined
    const answer = await parts.ask({ url, authority, group: settings, path, etag }, source.signal)
    if (source.isEnded) return undefined
    if ('isUnchanged' in answer && etag !== undefined) return undefined
    if ('bytes' in answer) {
      const refused = await take(source, url, answer, parts)
      if (!refused) return undefined
      failure = refused
    } else failure = { reason: 'reason' in answer ? answer.reason : 'status_304' }
  }
  return failure
}

async function take(
  source: Source,
  url: string,
  { bytes, etag }: { readonly bytes: Buffer; readonly etag: string | undefined },
  { composer }: AskParts
): Promise<DocumentFailure | undefined> {
  const hash = createHash('sha256').update(bytes).digest('base64')
  const { known, group, path } = source
  if (known?.hash === hash) {
    source.known = { ...known, url, etag }
    return undefined
  }
  // It has been looked at, and is still no good.
  if (source.refused?.hash === hash) return source.refused.failure
  const result = await composer.read({ group, path, bytes }).catch((error: unknown) => ({
    reason: error instanceof ComposerError ? error.reason : 'failed',
    at: ''
  }))
  if (source.isEnded) return undefined
  if ('reason' in result) {
    if (result.reason !== 'stopped') source.refused = { hash, failure: result }
    return result
  }
  source.known = { bytes: result.json ?? bytes, operations: result.operations, hash, url, etag }
  return undefined
}

/** Those that may have traffic, the one whose document is known first: a rollout then changes it once. */
function usableOf(
  backends: readonly Backend[],
  known: KnownDocument | undefined,
  random: () => number
): Backend[] {
  const keys = new Map(backends.map((backend) => [backend, backend.url === known?.url ? -1 : random()]))
  return backends.filter(({ status }) => status === 0).toSorted((a, b) => keys.get(a)! - keys.get(b)!)
}
