import { setTimeout as delay } from 'node:timers/promises'
import type { RedisConnectionConfig } from '../config/types.ts'
import { type LogRecord, readRecord } from './redis-registry-calls.ts'
import { openRedis, type RedisClient } from './redis-client.ts'

/** How long Redis holds an answer back when nothing is new, in milliseconds. */
const BLOCK = 5000
/** How much later than that an answer may come, in milliseconds. */
const SLACK = 1000
/** Pause after a failure, in milliseconds. */
const PAUSE = 50

/** What a {@link LogReader} needs. */
export interface LogReaderOptions {
  readonly connection: RedisConnectionConfig
  /** Key of the stream. */
  readonly log: string
  /** From which version to go on; undefined = not now. Asked again after {@link LogReader.wake}. */
  readonly position: () => number | undefined
  /** Takes what is new, in order; the next is read when it resolves. Must not fail. */
  readonly take: (records: readonly LogRecord[]) => Promise<void> | void
}

/** Follows the log over a connection of its own, since who waits there can't ask anything else. */
export class LogReader {
  readonly #options: LogReaderOptions
  readonly #client: RedisClient
  readonly #ended: Promise<void>
  #isStopped = false
  /** The position that Redis was asked for last; undefined while it was asked for none. */
  #asked: number | undefined
  #awaited = Promise.withResolvers<void>()

  constructor(options: LogReaderOptions) {
    this.#options = options
    this.#client = openRedis(options.connection, { name: 'xecureapi-registry', blocks: true })
    this.#client.redis.on('ready', () => this.wake())
    this.#ended = this.#follow()
  }

  /** The position is another one. */
  wake(): void {
    this.#awaited.resolve()
    // Who waits for versions above one that lies behind would not see those from there on.
    if (this.#asked !== undefined && this.#asked > (this.#options.position() ?? Infinity)) this.reconnect()
  }

  /** Gives up the connection that there is. */
  reconnect(): void {
    if (this.#client.redis.status === 'ready') this.#client.redis.disconnect(true)
  }

  /** Ends the connection. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#client.redis.disconnect()
    this.#awaited.resolve()
    await this.#ended
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      const position = this.#options.position()
      if (position === undefined || this.#client.redis.status !== 'ready') {
        await this.#awaited.promise
        this.#awaited = Promise.withResolvers()
        continue
      }
      try {
        const records = await this.#read(position)
        if (records.length > 0 && !this.#isStopped) await this.#options.take(records)
      } catch {
        if (!this.#isStopped) await delay(PAUSE, undefined, { ref: false })
      }
    }
  }

  async #read(position: number): Promise<LogRecord[]> {
    this.#asked = position
    const timer = setTimeout(() => this.reconnect(), BLOCK + SLACK).unref()
    try {
      const { redis } = this.#client
      const id = `${position}-0`
      const answer = await redis.xread('COUNT', 1000, 'BLOCK', BLOCK, 'STREAMS', this.#options.log, id)
      return (answer?.[0]?.[1] ?? []).map(readRecord)
    } finally {
      this.#asked = undefined
      clearTimeout(timer)
    }
  }
}
