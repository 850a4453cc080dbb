import type { Contract } from './contract.ts'

/** What the control plane makes of the services' documents, and every thread of the data plane serves. */
export interface PublishedDocuments {
  /** The composed document as JSON: memory that all threads share. */
  readonly body: Uint8Array
  /** Strong validator of {@link body}, quoted. */
  readonly etag: string
  /** What requests of groups must be, of the groups that are asked for it. */
  readonly contracts: readonly Contract[]
}

/** Bytes in memory that threads share instead of copying. */
export function sharedBytes(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

/** Where an app finds the documents that it serves. */
export interface DocumentShelf {
  /** What is known now. */
  readonly current: PublishedDocuments | undefined
  /** What is known, as soon as anything is. */
  readonly first: Promise<PublishedDocuments>
}

/** Documents in a thread that is told of them. */
export class PostedDocuments implements DocumentShelf {
  readonly #first = Promise.withResolvers<PublishedDocuments>()
  #current: PublishedDocuments | undefined

  get current(): PublishedDocuments | undefined {
    return this.#current
  }

  get first(): Promise<PublishedDocuments> {
    return this.#first.promise
  }

  /** Takes over what is served from now on. */
  take(documents: PublishedDocuments): void {
    this.#current = documents
    this.#first.resolve(documents)
  }
}
