import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { beginEpoch } from './epoch.ts'
import type { LastKnownGood } from './last-known-good.ts'
import { ReapingGrace } from './reaping-grace.ts'
import { LogReader } from './redis-log-reader.ts'
import type { LogRecord, RedisRegistryCalls, Standpoint } from './redis-registry-calls.ts'
import type { Entry, StoreSnapshot } from './registrations.ts'
import { judge, type Knowledge, unite } from './snapshot-belief.ts'

/** Milliseconds between two looks: for leases that ended, and whether it still is the same Redis. */
const LOOK = 1000
/**
 * How long a gateway that knows nothing leaves an empty Redis to those that may know what was in it, in milliseconds:
 * they come back within half a second.
 */
const DEFERENCE = 600

/** Trouble that says nothing of a connection that broke. */
const VAGUE = new Set([undefined, 'not_connected', 'unconfirmed_snapshot'])

/** What a {@link RegistryFollower} needs. */
export interface FollowerOptions {
  /** Id of this gateway. */
  readonly id: string
  readonly calls: RedisRegistryCalls
  readonly kept: LastKnownGood
  /** What was kept. */
  readonly known: Knowledge
  readonly log: Pick<Logger, 'warn' | 'info'>
  /** The least time without any end of a lease after Redis was away, in milliseconds; 15 s by default. */
  readonly leastGrace?: number
  /** How long an empty Redis is left to others, in milliseconds, at least 0; 600 by default. */
  readonly deference?: number
  /** Told of what is to be served from now on. */
  readonly show: (snapshot: StoreSnapshot, before: StoreSnapshot) => void
  /** Told when trouble begins, changes or ends. */
  readonly tell: (trouble: string | undefined) => void
}

/** Where the reader and the looks go on. */
export type Position = Pick<Standpoint, 'epoch' | 'version'>

/** What an operator wants of a doubted Redis: that it is believed, or gets back what is known. */
export type Order = 'confirm' | 'restore'

/** Keeps up with what a Redis holds: reads everything once, then what is new; again when it does not fit. */
export class RegistryFollower {
  readonly #options: FollowerOptions
  readonly #calls: RedisRegistryCalls
  readonly #reader: LogReader
  readonly #grace: ReapingGrace
  /** What is believed. */
  #known: Knowledge
  /** Id of the epoch that is doubted; undefined while none is. */
  #doubted: string | undefined
  #snapshot: StoreSnapshot
  #position: Position | undefined
  #trouble: string | undefined = 'not_connected'
  /** Whether Redis answered that it can't be written to. */
  #isRefused = false
  /** Whether it was not connected since everything was read last. */
  #wasAway = true
  #order: Order | undefined
  #syncing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  readonly #closing = new AbortController()
  readonly #settled = Promise.withResolvers<void>()

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#calls = options.calls
    this.#known = options.known
    this.#snapshot = options.known.snapshot
    this.#grace = new ReapingGrace(options.leastGrace)
    this.#reader = new LogReader({
      connection: this.#calls.connection,
      log: this.#calls.log,
      position: () => this.#position?.version,
      take: async (records) => {
        if (this.#doubted !== undefined || !this.apply(records)) await this.sync()
      }
    })
    const { redis } = this.#calls.client
    redis.on('ready', () => void this.sync())
    for (const event of ['error', 'close']) redis.on(event, () => this.#broke())
    this.#plan()
  }

  /** What is served: what is known, and while Redis is doubted also what it says. */
  get snapshot(): StoreSnapshot {
    return this.#snapshot
  }

  /** @see RegistrationStore.trouble */
  get trouble(): string | undefined {
    return this.#trouble
  }

  get isDoubting(): boolean {
    return this.#doubted !== undefined
  }

  /** undefined = everything is to be read first. */
  get position(): Position | undefined {
    return this.#position
  }

  /** Resolves when Redis was read for the first time, or is known to be away. */
  get settled(): Promise<void> {
    return this.#settled.promise
  }

  /** Takes new records in; those that are known already are passed over. @returns false when they don't fit. */
  apply(records: readonly LogRecord[]): boolean {
    const { epoch, snapshot } = this.#known
    let { version } = snapshot
    let entries: Map<string, Entry> | undefined
    for (const record of records) {
      if (record.version <= version) continue
      if (record.version !== version + 1 || record.epoch !== epoch.id) return false
      entries ??= new Map(snapshot.entries)
      if (record.entry) entries.set(record.key, record.entry)
      else entries.delete(record.key)
      version++
    }
    if (!entries) return true
    this.#known = { epoch, snapshot: { version, entries } }
    // Everything is being read otherwise: what comes of that may be another epoch.
    if (this.#position) this.#position = { epoch: epoch.id, version }
    this.#options.kept.keep(this.#known)
    this.#show(this.#known.snapshot)
    return true
  }

  /** Redis answered that it can't be written to. */
  refused(reason: string): void {
    this.#isRefused = true
    this.#setTrouble(reason)
  }

  /** Reads everything as an operator wants it. */
  async obey(order: Order): Promise<void> {
    await this.#syncing
    this.#order = order
    await this.sync()
  }

  /** Ends all connections. */
  async stop(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    this.#calls.client.redis.disconnect()
    await this.#reader.stop()
    await this.#syncing
    await this.#looking
    await this.#options.kept.settled()
  }

  get #isStopped(): boolean {
    return this.#closing.signal.aborted
  }

  /** Reads everything. Never fails. */
  sync(): Promise<void> {
    return (this.#syncing ??= this.#readAll()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#order = undefined
        this.#syncing = undefined
        this.#settled.resolve()
      }))
  }

  async #readAll(): Promise<void> {
    this.#position = undefined
    while (!this.#isStopped) {
      const seen = await this.#read()
      if (this.#order === 'confirm') return this.#believe(seen)
      const verdict = judge(this.#known, seen, this.#doubted === seen.epoch.id)
      if (verdict.verdict === 'believe') return this.#believe(seen)
      if (verdict.verdict === 'doubt' && this.#order !== 'restore') return this.#doubt(seen, verdict.both)
      const whole = verdict.verdict === 'doubt' ? unite(this.#known, seen) : verdict.whole
      if (await this.#calls.replace(seen, whole)) {
        this.#options.log.warn(
          { entries: whole.snapshot.entries.size, found: seen.snapshot.entries.size },
          'the store has lost what it held: it was brought back'
        )
        return this.#believe(whole)
      }
    }
  }

  async #read(): Promise<Knowledge> {
    const found = await this.#calls.read()
    if (found.epoch.id !== '') return found
    if (found.snapshot.entries.size === 0 && this.#order !== 'confirm') {
      // Who knows something begins the epoch with what it knows.
      if (this.#known.snapshot.version > 0) return found
      const { deference = DEFERENCE } = this.#options
      await delay(deference, undefined, { signal: this.#closing.signal })
    }
    return await this.#calls.read(beginEpoch())
  }

  #believe(known: Knowledge): void {
    const isOther = known.epoch.id !== this.#known.epoch.id
    const isSame = !isOther && known.snapshot.version === this.#known.snapshot.version
    if (!isSame) this.#known = known
    this.#doubted = undefined
    this.#position = { epoch: known.epoch.id, version: known.snapshot.version }
    if (isOther || this.#wasAway) this.#grace.begin(known.snapshot, performance.now())
    this.#wasAway = false
    this.#options.kept.keep(this.#known)
    this.#show(this.#known.snapshot)
    if (!this.#isRefused) this.#setTrouble(undefined)
    this.#reader.wake()
  }

  #doubt({ epoch, snapshot }: Knowledge, both: StoreSnapshot): void {
    if (this.#doubted !== epoch.id) {
      const counts = { known: this.#known.snapshot.entries.size, found: snapshot.entries.size }
      this.#options.log.warn(counts, 'the store seems to have lost what it held: waiting to be confirmed')
    }
    this.#doubted = epoch.id
    this.#position = { epoch: epoch.id, version: snapshot.version }
    this.#show(both)
    this.#setTrouble('unconfirmed_snapshot')
    this.#reader.wake()
  }

  #show(snapshot: StoreSnapshot): void {
    const before = this.#snapshot
    if (snapshot === before) return
    this.#snapshot = snapshot
    this.#options.show(snapshot, before)
  }

  #setTrouble(reason: string | undefined): void {
    if (reason === this.#trouble || this.#isStopped) return
    this.#trouble = reason
    this.#options.tell(reason)
  }

  #broke(): void {
    this.#position = undefined
    this.#wasAway = true
    this.#isRefused = false
    // Of several reasons that follow from each other, the first says most.
    if (VAGUE.has(this.#trouble)) this.#setTrouble(this.#calls.client.reasonOf(undefined))
    this.#settled.resolve()
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return
    this.#position = undefined
    const { redis, reasonOf } = this.#calls.client
    const reason = reasonOf(error)
    this.#setTrouble(reason)
    // Connections whose other end is gone would be found out after a quarter of an hour.
    if (reason !== 'timeout' || redis.status !== 'ready') return
    redis.disconnect(true)
    this.#reader.reconnect()
  }

  #plan(): void {
    if (this.#isStopped) return
    this.#grace.plan(performance.now() + LOOK)
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch((error: unknown) => this.#failed(error))
        .then(() => this.#plan())
    }, LOOK).unref()
  }

  async #look(): Promise<void> {
    const position = this.#position
    if (!position) {
      if (this.#calls.client.redis.status === 'ready') await this.sync()
      return
    }
    const mayReap = this.#grace.mayReap(this.#snapshot, performance.now()) && this.#doubted === undefined
    const reaper = mayReap ? this.#options.id : undefined
    const { epoch, version, records } = await this.#calls.look(position, reaper, this.#isRefused)
    if (this.#isRefused) {
      this.#isRefused = false
      this.#setTrouble(this.#doubted === undefined ? undefined : 'unconfirmed_snapshot')
    }
    const now = this.#position
    if (!now) return
    const fits =
      epoch === now.epoch &&
      (this.#doubted === undefined
        ? this.apply(records) && version <= this.#known.snapshot.version && version >= position.version
        : version === now.version)
    if (!fits) await this.sync()
  }
}
