import { EventEmitter } from 'node:events'
import { backendKey } from '../upstreams/backend.ts'
import { errorReason } from './durable-file.ts'
import { Leases } from './leases.ts'
import {
  applyChange,
  type Entry,
  expire,
  type RegistrationStore,
  type StoreChange,
  type StoreEvents,
  type StoreSnapshot,
  StoreUnavailable,
  VersionConflict
} from './registrations.ts'
import { SnapshotFile, type SnapshotFileOptions } from './snapshot-file.ts'
import { isEntry } from './snapshot-text.ts'

/** Milliseconds after which the end of a lease that could not be written is tried again. */
const EXPIRY_PAUSE = 1000

/** The longest that a timer can take, in milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1

/** What a store may grow to. */
export interface StoreLimits {
  /** Most entries. A write that would add one more is refused: {@link StoreUnavailable}, `full`. At least 1. */
  readonly entries: number
}

const LIMITS: StoreLimits = { entries: 10_000 }

/** What a {@link FileStore} is opened with. */
export interface FileStoreOptions extends SnapshotFileOptions {
  /** Id of this gateway: who sees to the removals of entries whose leases end. */
  readonly id: string
  readonly limits?: StoreLimits
  /** Milliseconds of a clock that no step of the wall clock moves, for leases. */
  readonly monotonicNow?: () => number
}

/** A write that waits for its turn. */
interface Waiting {
  readonly change: StoreChange
  readonly resolve: (snapshot: StoreSnapshot) => void
  readonly reject: (error: Error) => void
}

/** What is decided at run time, in a folder of this machine that no other gateway uses. Leases end in its own time. */
export class FileStore extends EventEmitter<StoreEvents> implements RegistrationStore {
  readonly #file: SnapshotFile
  readonly #id: string
  readonly #limits: StoreLimits
  readonly #now: () => number
  readonly #monotonicNow: () => number
  readonly #leases = new Leases()
  #snapshot: StoreSnapshot
  #trouble: string | undefined
  /** Writes in the order in which they came. */
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  /** The ends of leases that are being written. */
  #ending: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  /** When the timer is due, by the monotonic clock. */
  #dueAt = Infinity
  #isClosed = false

  /**
   * Opens what is in the folder, whatever that is: what is bad is set aside and named in the log. Every lease has a
   * whole ttl then, since nothing could be renewed meanwhile.
   */
  static async open(options: FileStoreOptions): Promise<FileStore> {
    const file = new SnapshotFile(options)
    const { snapshot, trouble } = await file.open()
    return new FileStore(options, file, snapshot, trouble)
  }

  private constructor(
    { id, now, limits = LIMITS, monotonicNow = () => performance.now() }: FileStoreOptions,
    file: SnapshotFile,
    snapshot: StoreSnapshot,
    trouble: string | undefined
  ) {
    super()
    this.#file = file
    this.#id = id
    this.#limits = limits
    this.#now = now
    this.#monotonicNow = monotonicNow
    this.#snapshot = snapshot
    this.#trouble = trouble
    this.#leases.follow(snapshot, monotonicNow())
    this.#arm()
  }

  get snapshot(): StoreSnapshot {
    return this.#snapshot
  }

  get trouble(): string | undefined {
    return this.#trouble
  }

  async write(change: StoreChange): Promise<StoreSnapshot> {
    if (this.#isClosed) throw new StoreUnavailable('closed')
    // What can't be read again would take all the others with it.
    if (change.kind === 'put' && !isEntry({ ...change.entry, version: 1 })) {
      throw new TypeError('expected an entry that can be kept')
    }
    const { promise, resolve, reject } = Promise.withResolvers<StoreSnapshot>()
    this.#waiting.push({ change, resolve, reject })
    this.#writing ??= this.#writeAll()
    return await promise
  }

  async renew(group: string, url: string): Promise<boolean> {
    // Whether a lease that has ended does so for good is known once that is written.
    await this.#ending
    if (this.#isClosed) throw new StoreUnavailable('closed')
    return this.#leases.renew(backendKey(group, url), this.#monotonicNow())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#writing
    await this.#ending
  }

  async #writeAll(): Promise<void> {
    // What is written in the same turn goes to the disk together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      this.#waiting = []
      await this.#writeTogether(waiting)
    }
    this.#writing = undefined
  }

  /** Writes the file once for several writes: all of them are durable then, or none is. */
  async #writeTogether(waiting: readonly Waiting[]): Promise<void> {
    try {
      const other = await this.#file.reread(this.#snapshot)
      if (other) this.#adopt(other)
    } catch (error) {
      return this.#refuse(waiting, error)
    }
    let next = this.#snapshot
    const settled = waiting.map(({ change, resolve, reject }) => {
      try {
        const own = (next = this.#applied(next, change))
        return () => resolve(own)
      } catch (error) {
        return () => reject(error as Error)
      }
    })
    if (next !== this.#snapshot) {
      try {
        await this.#file.write(next)
      } catch (error) {
        return this.#refuse(waiting, error)
      }
      this.#setTrouble(undefined)
      this.#adopt(next)
    }
    for (const settle of settled) settle()
  }

  /** Nothing was written. Conflicts are not told of: they may be with what was to be written along. */
  #refuse(waiting: readonly Waiting[], error: unknown): void {
    const reason = errorReason(error)
    this.#setTrouble(reason)
    for (const { reject } of waiting) reject(new StoreUnavailable(reason))
  }

  #applied(snapshot: StoreSnapshot, change: StoreChange): StoreSnapshot {
    const next = applyChange(snapshot, change)
    if (next.entries.size > Math.max(this.#limits.entries, snapshot.entries.size)) {
      throw new StoreUnavailable('full')
    }
    return next
  }

  #adopt(snapshot: StoreSnapshot): void {
    this.#snapshot = snapshot
    this.#leases.follow(snapshot, this.#monotonicNow())
    this.#arm()
    this.emit('change', snapshot)
  }

  #setTrouble(reason: string | undefined): void {
    if (reason === this.#trouble) return
    this.#trouble = reason
    this.emit('trouble', reason)
  }

  /** @param least - Milliseconds that pass first in any case. */
  #arm(least = 0): void {
    const now = this.#monotonicNow()
    // Of a timer that is overdue, as after a pause, it counts by how much: what was written comes before it.
    if (now >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = Infinity
    const wait = this.#leases.wait(now)
    if (wait === undefined || this.#isClosed) return
    const delay = Math.min(Math.ceil(Math.max(wait, least)), LONGEST_DELAY)
    this.#dueAt = now + delay
    this.#timer = setTimeout(() => this.#look(), delay).unref()
  }

  #look(): void {
    const now = this.#monotonicNow()
    const late = now - this.#dueAt
    this.#dueAt = Infinity
    const keys = this.#leases.ended(now, late)
    if (keys.length > 0) this.#ending ??= this.#end(keys)
    this.#arm(this.#ending ? EXPIRY_PAUSE : 0)
  }

  async #end(keys: readonly string[]): Promise<void> {
    const { entries } = this.#snapshot
    const now = this.#now()
    const results = await Promise.allSettled(
      keys.map(async (key) => {
        const entry = entries.get(key)!
        const change = { entry: expire(entry, this.#id, now), expected: entry.version }
        return (await this.write({ kind: 'put', ...change })).entries.get(key)!
      })
    )
    this.#ending = undefined
    const failures = results.filter((result) => result.status === 'rejected')
    // An entry that was written meanwhile has another lease, if any.
    const isFailed = failures.some(({ reason }) => !(reason instanceof VersionConflict))
    this.#arm(isFailed ? EXPIRY_PAUSE : 0)
    const written = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const ended = written.filter((entry) => this.#snapshot.entries.get(keyOf(entry)) === entry)
    if (ended.length > 0) this.emit('expired', ended)
  }
}

function keyOf({ group, url }: Entry): string {
  return backendKey(group, url)
}
