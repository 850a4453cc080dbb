import { EventEmitter } from 'node:events'
import type { Logger } from 'pino'
import type { RedisConnectionConfig } from '../config/types.ts'
import { backendKey } from '../upstreams/backend.ts'
import { LastKnownGood } from './last-known-good.ts'
import {
  bodyOf,
  leaseOf,
  RedisRegistryCalls,
  type Standpoint,
  type WriteAnswer
} from './redis-registry-calls.ts'
import { type Order, type Position, RegistryFollower } from './redis-registry-follower.ts'
import {
  keyOfChange,
  type RegistrationStore,
  type StoreChange,
  type StoreEvents,
  type StoreSnapshot,
  StoreUnavailable,
  VersionConflict
} from './registrations.ts'
import type { Knowledge } from './snapshot-belief.ts'
import { isEntry } from './snapshot-text.ts'
import { within } from './within.ts'

/** The longest that opening, a write or a renewal takes, in milliseconds. */
const PATIENCE = 900
/** Most entries. A write that would add one more is refused. */
const MOST_ENTRIES = 10_000

/** What a {@link RedisRegistry} is opened with. */
export interface RedisRegistryOptions {
  readonly connection: RedisConnectionConfig
  /** What its keys begin with: one registry. */
  readonly prefix: string
  /** Where the last known good is kept. Made when it is not there. */
  readonly folder: string
  /** Id of this gateway: who sees to the removals of entries whose leases it ended. */
  readonly id: string
  readonly log: Pick<Logger, 'warn' | 'info'>
  /** The least time without any end of a lease after Redis was away, in milliseconds; 15 s by default. */
  readonly leastGrace?: number
  /** How long an empty Redis is left to others, in milliseconds, at least 0; 600 by default. */
  readonly deference?: number
}

/**
 * What is decided at run time, shared by all gateways that have the same Redis and prefix. They see a write of another
 * one as soon as Redis tells. While Redis is away, or says what can't be believed ({@link judge}), the last known good
 * is served, and nothing is written.
 *
 * A Redis that comes back empty, or as it was earlier, gets what it lost from the first gateway that finds out, and from
 * the others what that one did not know. Its versions go on above all known ones.
 *
 * What was acknowledged survives as long as one gateway lives that has seen it, or the disk of one. It is kept there
 * soon after, not before, it is acknowledged.
 */
export class RedisRegistry extends EventEmitter<StoreEvents> implements RegistrationStore {
  readonly #id: string
  readonly #calls: RedisRegistryCalls
  readonly #follower: RegistryFollower
  /** The last write that was asked for. */
  #turn: Promise<unknown> = Promise.resolve()
  /** By key of the entry: a write of which nobody knows what came. */
  readonly #unsure = new Map<string, string>()
  #isClosed = false

  /** Reads what is there; without it when that takes longer than a second, and goes on in the background. Never fails. */
  static async open(options: RedisRegistryOptions): Promise<RedisRegistry> {
    const kept = new LastKnownGood(options.folder, options.log)
    const registry = new RedisRegistry(options, kept, await kept.open())
    await within(performance.now() + PATIENCE, registry.#follower.settled).catch(() => undefined)
    return registry
  }

  private constructor(options: RedisRegistryOptions, kept: LastKnownGood, known: Knowledge) {
    super()
    this.#id = options.id
    this.#calls = new RedisRegistryCalls(options.connection, options.prefix)
    this.#follower = new RegistryFollower({
      ...options,
      calls: this.#calls,
      kept,
      known,
      show: (snapshot, before) => this.#show(snapshot, before),
      tell: (trouble) => this.emit('trouble', trouble)
    })
  }

  get snapshot(): StoreSnapshot {
    return this.#follower.snapshot
  }

  get trouble(): string | undefined {
    return this.#follower.trouble
  }

  async write(change: StoreChange): Promise<StoreSnapshot> {
    if (change.kind === 'put' && !isEntry({ ...change.entry, version: 1 })) {
      throw new TypeError('expected an entry that can be kept')
    }
    if (this.#isClosed) throw new StoreUnavailable('closed')
    const until = performance.now() + PATIENCE
    const turn = this.#turn.then(() => this.#write(change, until))
    this.#turn = turn.catch(() => undefined)
    return await turn
  }

  async renew(group: string, url: string): Promise<boolean> {
    if (this.#isClosed) throw new StoreUnavailable('closed')
    const key = backendKey(group, url)
    const until = performance.now() + PATIENCE
    return (await this.#ask(until, (standpoint) => this.#calls.renew(standpoint, key))).isRenewed
  }

  /**
   * Believes what Redis says, whatever that is. For an operator who knows.
   *
   * @throws {StoreUnavailable}
   */
  async confirm(): Promise<StoreSnapshot> {
    return await this.#obey('confirm')
  }

  /**
   * Brings what is known back into a Redis that is doubted, beside what it has. For an operator who knows.
   *
   * @throws {StoreUnavailable}
   */
  async restore(): Promise<StoreSnapshot> {
    return await this.#obey('restore')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#turn
    await this.#follower.stop()
  }

  #show(snapshot: StoreSnapshot, before: StoreSnapshot): void {
    this.emit('change', snapshot)
    // By what stands in them: an answer that told of them may have been lost.
    const ended = [...snapshot.entries].filter(([key, { removal }]) => {
      if (removal?.by !== this.#id || removal.reason !== 'lease_expired') return false
      return before.entries.get(key)?.removal?.since !== removal.since
    })
    const entries = ended.map(([, entry]) => entry)
    if (entries.length > 0) this.emit('expired', entries)
  }

  async #write(change: StoreChange, until: number): Promise<StoreSnapshot> {
    const key = keyOfChange(change)
    const body = change.kind === 'put' ? bodyOf(change.entry) : ''
    const ttl = change.kind === 'put' ? leaseOf(change.entry) : undefined
    const mark = JSON.stringify([body, change.expected])
    const wasUnsure = this.#unsure.get(key) === mark
    let isSent = false
    let answer: WriteAnswer
    try {
      answer = await this.#ask(until, (standpoint) => {
        isSent = true
        return this.#calls.write(standpoint, { key, body, expected: change.expected, ttl }, MOST_ENTRIES)
      })
    } catch (error) {
      if (isSent && !(error instanceof Refused)) this.#unsure.set(key, mark)
      throw error
    }
    this.#unsure.delete(key)
    if (answer.kind === 'full') throw new StoreUnavailable('full')
    if (answer.kind !== 'done' && answer.kind !== 'conflict') throw new StoreUnavailable('timeout')
    // It is written, but it can't be told what else is.
    if (!(await this.#reaches(answer, until))) throw new StoreUnavailable(this.#follower.trouble ?? 'timeout')
    // The same again, by who was not told that it was written: it is as that one wants it.
    if (answer.kind === 'conflict' && !(wasUnsure && answer.body === body))
      throw new VersionConflict(answer.found)
    return this.#follower.snapshot
  }

  /** Takes in what was written. @returns Whether it can be seen now. */
  async #reaches(answer: WriteAnswer & { kind: 'done' | 'conflict' }, until: number): Promise<boolean> {
    const version = answer.kind === 'done' ? answer.version : 0
    const isSeen = (): boolean => this.#follower.snapshot.version >= version
    if (this.#follower.apply(answer.records) && isSeen()) return true
    await within(until, this.#follower.sync()).catch(() => undefined)
    return isSeen()
  }

  /** Asks until it is answered by a Redis that has the same past, in time. @throws {StoreUnavailable} */
  async #ask<Answer extends { readonly kind: string }>(
    until: number,
    call: (standpoint: Standpoint) => Promise<Answer>
  ): Promise<Answer> {
    for (;;) {
      const position = await this.#ready(until)
      try {
        const answer = await within(until, call({ ...position, deadline: this.#calls.redisTime(until) }))
        if (answer.kind === 'stale') await within(until, this.#follower.sync())
        else if (answer.kind !== 'late') return answer
      } catch (error) {
        const reason = this.#calls.client.reasonOf(error)
        if (error instanceof Error && error.name === 'ReplyError') {
          this.#follower.refused(reason)
          throw new Refused(reason)
        }
        throw new StoreUnavailable(reason)
      }
    }
  }

  /** @throws {StoreUnavailable} */
  async #ready(until: number): Promise<Position> {
    const { redis, reasonOf } = this.#calls.client
    if (redis.status !== 'ready') throw new StoreUnavailable(reasonOf(undefined))
    if (!this.#follower.position) await within(until, this.#follower.sync()).catch(() => undefined)
    if (this.#follower.isDoubting) throw new StoreUnavailable('unconfirmed_snapshot')
    if (performance.now() >= until) throw new StoreUnavailable('timeout')
    if (!this.#follower.position) throw new StoreUnavailable(this.#follower.trouble ?? 'timeout')
    return this.#follower.position
  }

  async #obey(order: Order): Promise<StoreSnapshot> {
    await this.#follower.obey(order)
    if (!this.#follower.position || this.#follower.isDoubting)
      throw new StoreUnavailable(this.#follower.trouble ?? 'timeout')
    return this.#follower.snapshot
  }
}

/** Redis answered that it does not do that: nothing was written. */
class Refused extends StoreUnavailable {}
