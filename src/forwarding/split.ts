import type { IncomingMessage } from 'node:http'
import { hashText, mix32 } from '../balancing/hash-text.ts'
import type { ForwardingTarget } from './targets.ts'

/** One group's part of a route. */
export interface SplitTarget<T> {
  /** Share relative to the other parts, 0 to 1000; 0 = only sessions that it has. */
  readonly weight: number
  readonly target: T
}

/** How parts are chosen. */
export interface SplitOptions {
  /** The hash of what keeps a client at one part. */
  readonly keyOf: ((request: IncomingMessage) => number | undefined) | undefined
  readonly random: () => number
}

/** How a part was chosen, as data: by the request's key, by a session that one of the parts has, or by chance. */
export type SplitReason = 'key' | 'session' | 'chance'

/** A route over several groups by weight. */
export class Split<T extends Pick<ForwardingTarget, 'sessions' | 'group'>> {
  readonly parts: readonly SplitTarget<T>[]
  readonly #options: SplitOptions
  readonly #seeds: readonly number[]
  readonly #total: number
  readonly #hasSessions: boolean
  #reason: SplitReason = 'chance'

  constructor(parts: readonly SplitTarget<T>[], options: SplitOptions) {
    this.parts = parts
    this.#options = options
    this.#seeds = parts.map(({ target }) => hashText(target.group.name))
    this.#total = parts.reduce((sum, { weight }) => sum + weight, 0)
    this.#hasSessions = parts.some(({ target }) => target.sessions !== undefined)
  }

  /**
   * The part that takes a request: what its key says, if the split goes by one and the request has it; else the part
   * that has a session of it, as long as the session's backend may serve; else one by chance.
   */
  choose(request: IncomingMessage): T {
    const { parts } = this
    if (parts.length === 1) return parts[0]!.target
    const key = this.#options.keyOf?.(request)
    if (key !== undefined && this.#total > 0) {
      this.#reason = 'key'
      return this.#byKey(key)
    }
    const ofSession = this.#hasSessions ? this.#bySession(request) : undefined
    this.#reason = ofSession ? 'session' : 'chance'
    return ofSession ?? this.#byChance()
  }

  /** {@link choose}, with the reason. */
  explain(request: IncomingMessage): { readonly target: T; readonly reason: SplitReason } {
    const target = this.choose(request)
    return { target, reason: this.parts.length === 1 ? 'chance' : this.#reason }
  }

  /**
   * Weighted rendezvous hashing: every part draws a number for the client, the same each time, and the largest
   * −weight ÷ ln(number) takes it. When weights change, a client moves only to a part whose share has grown, or away
   * from one whose share has become smaller.
   *
   * @see https://www.snia.org/sites/default/files/SDC15_presentations/dist_sys/Jason_Resch_New_Consistent_Hashings_Rev.pdf
   */
  #byKey(key: number): T {
    const { parts } = this
    let best = 0
    let bestScore = -1
    for (let index = 0; index < parts.length; index++) {
      // Between 0 and 1, neither of them included.
      const drawn = (mix32(key ^ this.#seeds[index]!) + 0.5) / 2 ** 32
      const score = parts[index]!.weight / -Math.log(drawn)
      if (score <= bestScore) continue
      bestScore = score
      best = index
    }
    return parts[best]!.target
  }

  /** Of several sessions the one that was used last. */
  #bySession(request: IncomingMessage): T | undefined {
    let found: T | undefined
    let least = Infinity
    for (const { target } of this.parts) {
      const session = target.sessions?.sessionOf(request)
      if (!session || session.age >= least || !target.sessions!.mayServe(session.backend)) continue
      found = target
      least = session.age
    }
    return found
  }

  #byChance(): T {
    let point = this.#options.random() * this.#total
    for (const { weight, target } of this.parts) {
      point -= weight
      if (point < 0) return target
    }
    return this.parts[0]!.target
  }
}
