import { setTimeout as delay } from 'node:timers/promises'
import { drawErrand } from './errand.ts'
import type { ErrandClient } from './errand-client.ts'
import { Http1Client } from './http1-client.ts'
import { Http2Client } from './http2-client.ts'
import { type Outcome, Sight } from './sight.ts'

/** Who asks for what, how often. */
export interface LoadOptions {
  readonly url: string
  /** PEM of the authority that clients trust; undefined = no TLS, and no HTTP/2. */
  readonly ca: string | undefined
  readonly routes: readonly string[]
  readonly perSecond: number
  /** Milliseconds after which a client gives up. */
  readonly giveUpAfter: number
  /** From 0 up to 1, in the same order whenever the seed is the same. */
  readonly random: () => number
}

/** An open loop: requests of all kinds leave when they are due, however many are under way. */
export class ChaosLoad {
  readonly #options: LoadOptions
  readonly #http1: ErrandClient
  readonly #http2: Http2Client | undefined
  readonly #running = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  readonly #loop: Promise<void>
  readonly outcomes: Outcome[] = []
  sent = 0

  constructor(options: LoadOptions) {
    const { url, ca } = options
    this.#options = options
    this.#http1 = new Http1Client(url, ca)
    if (ca !== undefined) this.#http2 = new Http2Client(url, ca)
    this.#loop = this.#run()
  }

  /** Sends no more, waits for what is under way, and closes all connections. */
  async stop(): Promise<void> {
    this.#running.abort()
    await this.#loop
    await Promise.all(this.#underWay)
    this.#http1.close()
    this.#http2?.close()
  }

  /** A worker has died: clients of HTTP/2 come over new connections. */
  renew(): void {
    this.#http2?.renew()
  }

  async #run(): Promise<void> {
    const { perSecond } = this.#options
    const start = performance.now()
    while (!this.#running.signal.aborted) {
      const wait = start + (this.sent * 1000) / perSecond - performance.now()
      if (wait > 0) await delay(wait)
      const one = this.#send().finally(() => this.#underWay.delete(one))
      this.#underWay.add(one)
    }
  }

  async #send(): Promise<void> {
    const { routes, random, giveUpAfter } = this.#options
    const errand = drawErrand(random, this.sent++, routes)
    const seen = new Sight(errand)
    const startedAt = Date.now()
    const client = (errand.isHttp2 && this.#http2) || this.#http1
    const { ending, error } = await client.send(seen, giveUpAfter)
    const { status, wrong } = seen
    this.outcomes.push({ errand, startedAt, endedAt: Date.now(), ending, status, error, wrong })
  }
}
