import { isDeepStrictEqual } from 'node:util'
import type { DiscoveredBackend, DiscoveryListener, DiscoveryStatus } from './provider.ts'

/** Tells a listener what differs from what it was told before, and nothing after the end. */
export class Announcer {
  #listener: DiscoveryListener | undefined
  #backends: readonly DiscoveredBackend[] | undefined
  #status: DiscoveryStatus = {}

  constructor(listener: DiscoveryListener) {
    this.#listener = listener
  }

  /** @param backends - Sorted by url, each url once. */
  tellBackends(backends: readonly DiscoveredBackend[]): void {
    if (isDeepStrictEqual(backends, this.#backends)) return
    this.#backends = backends
    this.#listener?.onBackends(backends)
  }

  tellStatus(status: DiscoveryStatus): void {
    if (isDeepStrictEqual(status, this.#status)) return
    this.#status = status
    this.#listener?.onStatus(status)
  }

  stop(): void {
    this.#listener = undefined
  }
}
