import { sharedNow } from '../shared-clock.ts'
import { type JwksSnapshot, type JwksSource, mayAsk, PATIENCE } from './jwks-source.ts'

/** What {@link PostedJwks} needs. */
export interface PostedJwksOptions {
  /** Tells who keeps the keys that there may be newer ones at this URL; they come by {@link PostedJwks.take}. */
  readonly ask: (url: string) => void
}

/** Keys of issuers in a thread that is told of them: it never asks an issuer itself. */
export class PostedJwks implements JwksSource {
  readonly #ask: (url: string) => void
  #known: ReadonlyMap<string, JwksSnapshot> = new Map()
  /** Who waits for the next snapshot, by URL. */
  readonly #waiting = new Map<string, PromiseWithResolvers<JwksSnapshot | undefined>>()

  constructor({ ask }: PostedJwksOptions) {
    this.#ask = ask
  }

  /** Takes over what is known from now on. */
  take(snapshots: readonly JwksSnapshot[]): void {
    const before = this.#known
    this.#known = new Map(snapshots.map((snapshot) => [snapshot.url, snapshot]))
    for (const [url, { resolve }] of this.#waiting) {
      const snapshot = this.#known.get(url)
      if (snapshot && snapshot.checkedAt !== before.get(url)?.checkedAt) resolve(snapshot)
    }
  }

  current(url: string): JwksSnapshot | undefined {
    return this.#known.get(url)
  }

  async refreshed(url: string): Promise<JwksSnapshot | undefined> {
    let waiting = this.#waiting.get(url)
    if (!waiting) {
      const known = this.#known.get(url)
      if (!mayAsk(known, sharedNow())) return undefined
      const mine = Promise.withResolvers<JwksSnapshot | undefined>()
      waiting = mine
      this.#waiting.set(url, mine)
      const timer = setTimeout(() => mine.resolve(undefined), PATIENCE)
      void mine.promise.finally(() => {
        clearTimeout(timer)
        this.#waiting.delete(url)
      })
      // Where nothing is known yet the first answer is on its way.
      if (known) this.#ask(url)
    }
    return await waiting.promise
  }
}
