import { hash } from 'node:crypto'
import type { RedisConnectionConfig } from '../config/types.ts'
import type { Pace } from '../limits/gcra.ts'
import { type Grant, type LimitCall, type LimitStore, STORE_PATIENCE } from '../limits/limit-store.ts'
import { sharedNow } from '../shared-clock.ts'
import { RedisBreaker } from './redis-breaker.ts'
import { openRedis, type RedisClient } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import { REFUND_SCRIPT, TAKE_SCRIPT } from './redis-scripts.ts'

/**
 * How long nobody is asked after a call that timed out, in milliseconds: a request with several limits waits for one of
 * them, not for each.
 */
const QUIET = 25

/** What a thread's log says of its Redis. */
export interface StoreLog {
  readonly warn: (details: object, message: string) => void
  readonly info: (message: string) => void
}

/** ioredis with our scripts: each is one command, sent by its digest once Redis knows it. */
type LimitRedis = RedisConnection & {
  takeOfLimit: (key: string, ...words: (string | number)[]) => Promise<[granted: number, debt: number]>
  refundOfLimit: (key: string, ...words: (string | number)[]) => Promise<number>
}

/** A call that awaits its answer. */
interface Waiting {
  readonly since: number
  readonly settle: (grant: Grant | undefined) => void
  /** Whether it is to find out if Redis is back. */
  readonly isTry: boolean
  isOver: boolean
  next: Waiting | undefined
}

/**
 * One thread's connection to a Redis that counts the requests of limits. What takes longer than {@link STORE_PATIENCE}
 * counts as not answered.
 */
export class RedisLimits {
  readonly #client: RedisClient
  readonly #redis: LimitRedis
  readonly #breaker = new RedisBreaker()
  readonly #log: StoreLog
  /** Calls in the order in which they were sent; all have the same time, so the first is due first. */
  #first: Waiting | undefined
  #last: Waiting | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  /** Whether the first attempt to connect is under way. What comes meanwhile says nothing of Redis. */
  #isOpening = true
  #quietUntil = -Infinity

  constructor(config: RedisConnectionConfig, log: StoreLog) {
    this.#client = openRedis(config)
    this.#redis = this.#client.redis as LimitRedis
    this.#redis.defineCommand('takeOfLimit', { lua: TAKE_SCRIPT, numberOfKeys: 1 })
    this.#redis.defineCommand('refundOfLimit', { lua: REFUND_SCRIPT, numberOfKeys: 1 })
    this.#log = log
    const opened = (): void => void (this.#isOpening = false)
    for (const event of ['ready', 'error', 'close', 'end']) this.#redis.once(event, opened)
  }

  /** What counts one limit. @param id - Of the limit, the same in all gateways. */
  of(prefix: string, id: string): LimitStore {
    const start = `{${prefix}}:limit:${id}:`
    const isAway = (): boolean => this.#breaker.isAway
    return {
      get isAway() {
        return isAway()
      },
      take: (call) => this.#take(start, call),
      refund: (key, cost, pace) => this.#refund(start + digest(key), cost, pace)
    }
  }

  /** Ends the connection; what waits is answered: nobody knows. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    for (let waiting = this.#first; waiting; waiting = waiting.next) this.#settle(waiting, undefined)
    this.#first = this.#last = undefined
    this.#redis.disconnect()
  }

  #take(start: string, { key, pace, cost, wish, floor }: LimitCall): Promise<Grant | undefined> | undefined {
    const now = sharedNow()
    const isTry = this.#breaker.isAway
    if (this.#isClosed || this.#isOpening || now < this.#quietUntil || !this.#breaker.mayAsk(now))
      return undefined
    return new Promise((settle) => {
      const waiting: Waiting = { since: now, settle, isTry, isOver: false, next: undefined }
      this.#redis
        .takeOfLimit(
          start + digest(key),
          pace.tick * 1000,
          pace.interval,
          pace.depth,
          cost,
          wish,
          Math.min(floor, pace.depth)
        )
        .then(
          ([granted, debt]) => this.#answered(waiting, { granted, debt }),
          (error: unknown) => this.#failed(waiting, error)
        )
      this.#watch(waiting)
    })
  }

  #refund(name: string, cost: number, pace: Pace): void {
    // What was let through in a quiet moment is not Redis's to give back.
    if (this.#isClosed || this.#breaker.isAway || sharedNow() < this.#quietUntil) return
    this.#redis.refundOfLimit(name, pace.tick * 1000, cost * pace.interval).catch(() => {
      // The key gets it back with time.
    })
  }

  #answered(waiting: Waiting, grant: Grant): void {
    if (waiting.isOver) return
    if (this.#breaker.succeeded()) this.#log.info('rate limits are shared again')
    this.#settle(waiting, grant)
  }

  #failed(waiting: Waiting, error: unknown): void {
    if (waiting.isOver) return
    this.#missed(waiting, this.#client.reasonOf(error))
  }

  #missed(waiting: Waiting, reason: string): void {
    if (this.#breaker.failed(sharedNow()) && !this.#isClosed) {
      this.#log.warn({ reason }, 'the store is away: each gateway decides its share of the rate limits')
    }
    this.#settle(waiting, undefined)
  }

  #settle(waiting: Waiting, grant: Grant | undefined): void {
    waiting.isOver = true
    waiting.settle(grant)
  }

  #watch(waiting: Waiting): void {
    if (this.#last) this.#last.next = waiting
    else this.#first = waiting
    this.#last = waiting
    if (!this.#timer) this.#arm(STORE_PATIENCE)
  }

  #arm(after: number): void {
    // When this thread's loop stood still, answers may lie in the socket: they are read before anybody is given up.
    this.#timer = setTimeout(() => setImmediate(() => this.#sweep()), after)
  }

  #sweep(): void {
    this.#timer = undefined
    if (this.#isClosed) return
    const now = sharedNow()
    let first = this.#first
    for (; first && (first.isOver || now - first.since >= STORE_PATIENCE); first = first.next) {
      if (first.isOver) continue
      this.#quietUntil = now + QUIET
      this.#missed(first, 'timeout')
      // A connection whose other end is gone would be found out after a quarter of an hour.
      if (first.isTry && this.#redis.status === 'ready') this.#redis.disconnect(true)
    }
    this.#first = first
    if (first) this.#arm(Math.max(1, STORE_PATIENCE - (now - first.since)))
    else this.#last = undefined
  }
}

/** 128 bits of a key: short whatever the client sent, and nothing that a client keeps secret stands in Redis. */
function digest(key: string): string {
  return hash('sha256', key, 'base64url').slice(0, 22)
}
