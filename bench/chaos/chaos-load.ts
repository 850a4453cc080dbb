import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { drawErrand } from './errand.ts'
import { type Outcome, sendErrand } from './send-errand.ts'

/** Who asks for what, how often. */
export interface LoadOptions {
  readonly url: string
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
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: Infinity, scheduling: 'fifo' })
  readonly #running = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  readonly #loop: Promise<void>
  readonly outcomes: Outcome[] = []
  sent = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#loop = this.#run()
  }

  /** Sends no more, waits for what is under way, and closes all connections. */
  async stop(): Promise<void> {
    this.#running.abort()
    await this.#loop
    await Promise.all(this.#underWay)
    this.#agent.destroy()
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
    const { url, routes, random, giveUpAfter } = this.#options
    const errand = drawErrand(random, this.sent++, routes)
    this.outcomes.push(await sendErrand(this.#agent, url, errand, giveUpAfter))
  }
}
