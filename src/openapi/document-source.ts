import type { UpstreamGroupConfig } from '../config/types.ts'
import type { Contract } from './contract.ts'

/** What of a group's settings its document depends on. */
export type DocumentGroup = Pick<UpstreamGroupConfig, 'name' | 'openapi' | 'protocol' | 'tls' | 'timeouts'>

/** Why there is no good document. */
export interface DocumentFailure {
  readonly reason: string
  /** Where in the document, a JSON Pointer. */
  readonly at?: string
}

/** A good document of a group. */
export interface KnownDocument {
  /** As JSON. */
  readonly bytes: Uint8Array
  readonly operations: number
  /** Of what the backend sent. */
  readonly hash: string
  /** Origin of the backend that it is from. */
  readonly url: string
  readonly etag: string | undefined
}

/** A group's document was composed, or can't be: then the last good one stays, if there was one. */
export interface DocumentNews {
  readonly group: string
  readonly state: 'composed' | 'failing'
  /** Operations that it describes. */
  readonly operations?: number
  /** Why it can't be had, or is not used. */
  readonly reason?: string
  /** Where in the document the reason is, a JSON Pointer. */
  readonly at?: string
  /** Whether an earlier one stays. */
  readonly kept?: boolean
}

/** A group's document as the admin API shows it. */
export interface DocumentView {
  readonly group: string
  /** Where its backends serve it. */
  readonly path: string
  readonly state: 'pending' | 'composed' | 'failing'
  readonly reason: string | null
  readonly at: string | null
  /** Origin of the backend whose document it is. */
  readonly backend: string | null
  /** Operations that it describes. */
  readonly described: number
}

/** Where a group's document comes from, and what is known of it. */
export class Source {
  readonly group: string
  readonly path: string
  settings: DocumentGroup
  known: KnownDocument | undefined
  /** What requests must be by {@link known}, or by an earlier document until that is made. */
  contract: Contract | undefined
  /** Hash of the document that {@link contract} is of, or that none could be made of. */
  contracted: string | undefined
  timer: NodeJS.Timeout | undefined
  isAsking = false
  /** Whether it is known whether there is a document. */
  hasAnswered = false
  /** What was looked at last and can't be used. */
  refused: { readonly hash: string; readonly failure: DocumentFailure } | undefined
  readonly #stopped = new AbortController()
  #failure: DocumentFailure | undefined
  #failures = 0
  /** What was told last. */
  #told = ''

  constructor(settings: DocumentGroup) {
    this.group = settings.name
    this.path = settings.openapi!
    this.settings = settings
  }

  get signal(): AbortSignal {
    return this.#stopped.signal
  }

  get isEnded(): boolean {
    return this.#stopped.signal.aborted
  }

  /** Whether the last answer was a good document. */
  get isGood(): boolean {
    return this.hasAnswered && !this.#failure
  }

  begin(): void {
    clearTimeout(this.timer)
    this.isAsking = true
  }

  /** Takes what came of asking. @returns Failures in a row. */
  settle(failure: DocumentFailure | undefined): number {
    this.isAsking = false
    this.hasAnswered = true
    this.#failure = failure
    this.#failures = failure ? this.#failures + 1 : 0
    return this.#failures
  }

  /** What has not been told yet. That nobody is well is told elsewhere. */
  news(): DocumentNews | undefined {
    const { group, known } = this
    const failure = this.#failure
    if (failure?.reason === 'no_usable_backend') return undefined
    const news: DocumentNews | undefined = failure
      ? { group, state: 'failing', ...told(failure), kept: known !== undefined }
      : known && { group, state: 'composed', operations: known.operations }
    const text = JSON.stringify([news, failure ? '' : known?.hash])
    if (!news || text === this.#told) return undefined
    this.#told = text
    return news
  }

  view(): DocumentView {
    const failure = this.#failure
    const settled = failure ? 'failing' : 'composed'
    return {
      group: this.group,
      path: this.path,
      state: this.hasAnswered ? settled : 'pending',
      reason: failure?.reason ?? null,
      at: (failure && told(failure).at) ?? null,
      backend: this.known?.url ?? null,
      described: this.known?.operations ?? 0
    }
  }

  end(): void {
    this.#stopped.abort()
    clearTimeout(this.timer)
  }
}

/** A document may name its places as it likes, at any length. */
function told({ reason, at }: { readonly reason: string; readonly at?: string }): {
  reason: string
  at?: string
} {
  return { reason, ...(at !== undefined && at !== '' && { at: at.slice(0, 200) }) }
}
