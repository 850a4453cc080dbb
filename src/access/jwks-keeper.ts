import { isDeepStrictEqual } from 'node:util'
import { sharedNow } from '../shared-clock.ts'
import { fetchJwks, type JwksAnswer } from './fetch-jwks.ts'
import { type JwksSnapshot, type JwksSource, mayAsk } from './jwks-source.ts'

/** Pauses after failures, in milliseconds: doubled with each in a row. */
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 60_000

/** Keys of an issuer can't be had, can again, or are others. */
export interface KeysNews {
  readonly state: 'away' | 'back' | 'changed'
  /** Of the key set, without what may be secret in it. */
  readonly url: string
  /** Why they can't be had. */
  readonly reason?: string
}

/** What a {@link JwksKeeper} needs, and whom it tells. */
export interface JwksKeeperOptions {
  readonly log: { warn(facts: object, text: string): void; info(facts: object, text: string): void }
  readonly onEvent?: (event: KeysNews & { readonly type: 'keys' }) => void
  /** Told of all that is known whenever it is something else. */
  readonly onChange?: (snapshots: readonly JwksSnapshot[]) => void
  /** By default over HTTP. */
  readonly ask?: (url: string, stopped: AbortSignal) => Promise<JwksAnswer>
  /** 0 inclusive to 1 exclusive. */
  readonly random?: () => number
}

interface Issuer {
  readonly stopped: AbortController
  snapshot: JwksSnapshot | undefined
  asking: Promise<JwksSnapshot> | undefined
  timer: NodeJS.Timeout | undefined
  failures: number
}

/**
 * Asks issuers for their keys, again and again, and keeps the last good ones while it gets none: keys that were good a
 * while ago are better than no shop. One per process, on the control plane.
 */
export class JwksKeeper implements JwksSource {
  readonly #options: JwksKeeperOptions
  readonly #issuers = new Map<string, Issuer>()

  constructor(options: JwksKeeperOptions) {
    this.#options = options
  }

  /** Asks these from now on, and no others. */
  follow(urls: readonly string[]): void {
    for (const [url, issuer] of this.#issuers) {
      if (urls.includes(url)) continue
      end(issuer)
      this.#issuers.delete(url)
    }
    for (const url of urls) {
      if (this.#issuers.has(url)) continue
      const stopped = new AbortController()
      const issuer: Issuer = {
        stopped,
        snapshot: undefined,
        asking: undefined,
        timer: undefined,
        failures: 0
      }
      this.#issuers.set(url, issuer)
      void this.#ask(url, issuer)
    }
  }

  current(url: string): JwksSnapshot | undefined {
    return this.#issuers.get(url)?.snapshot
  }

  async refreshed(url: string): Promise<JwksSnapshot | undefined> {
    const issuer = this.#issuers.get(url)
    if (!issuer) return undefined
    if (issuer.asking) return await issuer.asking
    return mayAsk(issuer.snapshot, sharedNow()) ? await this.#ask(url, issuer) : undefined
  }

  stop(): void {
    this.follow([])
  }

  #ask(url: string, issuer: Issuer): Promise<JwksSnapshot> {
    clearTimeout(issuer.timer)
    issuer.asking ??= this.#take(url, issuer).finally(() => (issuer.asking = undefined))
    return issuer.asking
  }

  async #take(url: string, issuer: Issuer): Promise<JwksSnapshot> {
    const { ask = fetchJwks, random = Math.random, onChange } = this.#options
    const answer = await ask(url, issuer.stopped.signal)
    const before = issuer.snapshot
    const checkedAt = sharedNow()
    if (issuer.stopped.signal.aborted) return before ?? { url, checkedAt, keys: undefined, reason: 'stopped' }
    const isGood = 'keys' in answer
    issuer.failures = isGood ? 0 : issuer.failures + 1
    const next = isGood
      ? { url, checkedAt, keys: answer.keys }
      : { url, checkedAt, keys: before?.keys, ...answer }
    issuer.snapshot = next
    const pause = isGood ? answer.goodFor : Math.min(FIRST_PAUSE * 2 ** (issuer.failures - 1), LONGEST_PAUSE)
    // Gateways that were started together need not ask together.
    issuer.timer = setTimeout(() => void this.#ask(url, issuer), pause * (0.9 + 0.2 * random())).unref()
    this.#tell(before, next)
    onChange?.([...this.#issuers.values()].flatMap(({ snapshot }) => (snapshot ? [snapshot] : [])))
    return next
  }

  #tell(before: JwksSnapshot | undefined, { url, keys, reason }: JwksSnapshot): void {
    const { log, onEvent } = this.#options
    const facts = { url: shown(url), ...(reason !== undefined && { reason }) }
    if (reason !== undefined) {
      if (before?.reason !== undefined) return
      log.warn(
        { ...facts, hasKeys: keys !== undefined },
        'keys of an issuer can not be had: the last good ones stay'
      )
      onEvent?.({ type: 'keys', state: 'away', ...facts })
    } else if (before?.reason !== undefined) {
      log.info(facts, 'keys of an issuer can be had again')
      onEvent?.({ type: 'keys', state: 'back', ...facts })
    } else if (before && !isDeepStrictEqual(before.keys, keys)) {
      log.info({ ...facts, keys: keys?.length }, 'keys of an issuer have changed')
      onEvent?.({ type: 'keys', state: 'changed', ...facts })
    }
  }
}

function end({ stopped, timer }: Issuer): void {
  stopped.abort()
  clearTimeout(timer)
}

/** A query may hold a secret. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
