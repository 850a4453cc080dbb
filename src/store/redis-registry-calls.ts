import type { RedisConnectionConfig } from '../config/types.ts'
import { backendKey } from '../upstreams/backend.ts'
import { decodeEpoch, encodeEpoch, type Epoch } from './epoch.ts'
import { openRedis, type RedisClient } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import {
  LOOK_SCRIPT,
  READ_SCRIPT,
  RENEW_SCRIPT,
  REPLACE_SCRIPT,
  WRITE_SCRIPT
} from './redis-registry-scripts.ts'
import type { Entry } from './registrations.ts'
import type { Knowledge } from './snapshot-belief.ts'
import { isEntry } from './snapshot-text.ts'

/** One version of the log. */
export interface LogRecord {
  readonly version: number
  /** Id of the epoch. */
  readonly epoch: string
  readonly key: string
  /** undefined = it was removed, or is nothing that this gateway understands. */
  readonly entry: Entry | undefined
}

/** Where a caller stands, and until when it waits. */
export interface Standpoint {
  /** Id of the epoch that it knows, and up to which version. */
  readonly epoch: string
  readonly version: number
  /** Milliseconds of Redis's time; later, Redis does nothing. */
  readonly deadline: number
}

/** What came of a write. `stale` and `late`: nothing was done. */
export type WriteAnswer =
  | { readonly kind: 'stale' | 'late' | 'full' }
  | {
      readonly kind: 'done'
      readonly version: number
      readonly records: readonly LogRecord[]
    }
  | {
      readonly kind: 'conflict'
      /** 0 = there is no entry. */
      readonly found: number
      readonly records: readonly LogRecord[]
      /** The entry's JSON without its version; empty when there is none. */
      readonly body: string
    }

/** What a look found. */
export interface Look {
  /** Id of the epoch; empty = there is none. */
  readonly epoch: string
  readonly version: number
  readonly records: readonly LogRecord[]
}

type Words = readonly (string | number)[]
type RawRecord = [id: string, fields: string[]]

type RegistryRedis = RedisConnection & {
  readRegistry: (...words: Words) => Promise<[string, string, string, string[]]>
  writeRegistry: (...words: Words) => Promise<[WriteAnswer['kind'], string, string, RawRecord[], string]>
  renewRegistry: (...words: Words) => Promise<['done' | 'stale' | 'late', string, string]>
  lookRegistry: (...words: Words) => Promise<[string, string, string, RawRecord[]]>
  replaceRegistry: (...words: Words) => Promise<number>
}

/** What is asked of a Redis that holds registrations. Every call fails with ioredis's errors, within a second. */
export class RedisRegistryCalls {
  readonly connection: RedisConnectionConfig
  readonly client: RedisClient
  readonly #redis: RegistryRedis
  readonly #keys: readonly string[]
  /** Redis's time when `performance.now()` was 0, at the earliest; in milliseconds. */
  #timeOffset = 0

  constructor(connection: RedisConnectionConfig, prefix: string) {
    this.connection = connection
    this.client = openRedis(connection, { name: 'xecureapi-registry' })
    const redis = (this.#redis = this.client.redis as RegistryRedis)
    this.#keys = ['ver', 'state', 'log', 'lease', 'epoch'].map((name) => `{${prefix}}:${name}`)
    const define = (name: string, lua: string): void => redis.defineCommand(name, { lua, numberOfKeys: 5 })
    define('readRegistry', READ_SCRIPT)
    define('writeRegistry', WRITE_SCRIPT)
    define('renewRegistry', RENEW_SCRIPT)
    define('lookRegistry', LOOK_SCRIPT)
    define('replaceRegistry', REPLACE_SCRIPT)
  }

  /** Key of the stream that a reader follows. */
  get log(): string {
    return this.#keys[2]!
  }

  /** A moment of `performance.now()` on Redis's clock as of its last answer, rather too early than too late. */
  redisTime(at: number): number {
    return Math.floor(at + this.#timeOffset)
  }

  /** Everything. @param begin - Epoch that begins when there is none; undefined = none does. */
  async read(begin?: Epoch): Promise<Knowledge> {
    const answer = await this.#redis.readRegistry(...this.#keys, begin ? encodeEpoch(begin) : '')
    const [time, epoch, version, fields] = answer
    this.#learnTime(time)
    const entries = new Map<string, Entry>()
    for (let at = 0; at < fields.length; at += 2) {
      const key = fields[at]!
      const entry = readEntry(key, fields[at + 1]!)
      if (entry && entry.version <= Number(version)) entries.set(key, entry)
    }
    const snapshot = { version: Number(version), entries }
    return { epoch: decodeEpoch(epoch), snapshot }
  }

  /** Puts an entry, or removes it when `body` is empty. @param body - Its JSON without a version. */
  async write(
    { epoch, version, deadline }: Standpoint,
    {
      key,
      body,
      expected,
      ttl
    }: { key: string; body: string; expected: number | undefined; ttl: number | undefined },
    most: number
  ): Promise<WriteAnswer> {
    const words = [epoch, version, deadline, key, body, expected ?? '', ttl ?? '', most]
    const [kind, time, found, records, value] = await this.#redis.writeRegistry(...this.#keys, ...words)
    this.#learnTime(time)
    if (kind === 'done') return { kind, version: Number(found), records: records.map(readRecord) }
    if (kind !== 'conflict') return { kind }
    const stored = value.replace(/^\{"version":\d+,/, '{')
    return { kind, found: Number(found), records: records.map(readRecord), body: stored }
  }

  /** @returns Whether it was renewed; or that nothing was done, and why. */
  async renew(
    { epoch, version, deadline }: Standpoint,
    key: string
  ): Promise<{
    readonly kind: 'done' | 'stale' | 'late'
    readonly isRenewed: boolean
  }> {
    const [kind, time, isRenewed] = await this.#redis.renewRegistry(
      ...this.#keys,
      epoch,
      version,
      deadline,
      key
    )
    this.#learnTime(time)
    return { kind, isRenewed: isRenewed === '1' }
  }

  /**
   * What is new.
   *
   * @param reaper - Id of the gateway that ends leases; undefined = none are ended.
   * @param mustWrite - Whether it fails where nothing can be written.
   */
  async look(
    { epoch, version }: Pick<Standpoint, 'epoch' | 'version'>,
    reaper: string | undefined,
    mustWrite: boolean
  ): Promise<Look> {
    const words = [epoch, version, reaper ?? '', mustWrite ? 1 : 0]
    const [time, id, current, records] = await this.#redis.lookRegistry(...this.#keys, ...words)
    this.#learnTime(time)
    return { epoch: id, version: Number(current), records: records.map(readRecord) }
  }

  /** Replaces everything, if it still is what was seen. @returns Whether it did. */
  async replace(seen: Knowledge, { epoch, snapshot }: Knowledge): Promise<boolean> {
    const words: (string | number)[] = [
      encodeEpoch(seen.epoch),
      seen.snapshot.version,
      encodeEpoch(epoch),
      snapshot.version
    ]
    for (const [key, entry] of snapshot.entries) {
      words.push(key, `{"version":${entry.version},${bodyOf(entry).slice(1)}`)
      words.push(leaseOf(entry) ?? '')
    }
    return (await this.#redis.replaceRegistry(...this.#keys, ...words)) === 1
  }

  #learnTime(time: string): void {
    this.#timeOffset = Number(time) - performance.now()
  }
}

/** JSON of an entry without its version. */
export function bodyOf({ group, url, registration, state, removal }: Omit<Entry, 'version'>): string {
  return JSON.stringify({ group, url, registration, state, removal })
}

/** How long an entry stays without being renewed, in milliseconds; undefined = it has no lease. */
export function leaseOf({ registration, removal }: Omit<Entry, 'version'>): number | undefined {
  return removal ? undefined : registration?.ttl
}

/** A record as XRANGE and XREAD give it. */
export function readRecord([id, fields]: RawRecord): LogRecord {
  const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? ''
  const key = field('k')
  return { version: Number(id.split('-')[0]), epoch: field('e'), key, entry: readEntry(key, field('v')) }
}

/** What a newer gateway wrote may be nothing that this one understands: to it, it is not there. */
function readEntry(key: string, value: string): Entry | undefined {
  if (value === '') return undefined
  try {
    const entry: unknown = JSON.parse(value)
    return isEntry(entry) && backendKey(entry.group, entry.url) === key ? entry : undefined
  } catch {
    return undefined
  }
}
