import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { LogLevel } from '../config/types.ts'
import type { JwksSnapshot } from '../access/jwks-source.ts'
import type { TraceBatch } from '../telemetry/trace-outbox.ts'
import type { PublishedDocuments } from '../openapi/published.ts'
import type {
  DataPlaneControl,
  GenerationSpec,
  ListenAddress,
  Redirect,
  StopReport,
  TlsMaterial
} from './messages.ts'
import { type PlaneThread, type SpawnThread, type ThreadExit, ThreadGone } from './plane-thread.ts'

/** First wait before a thread that died is replaced, in milliseconds; doubles with each death in a row. */
const FIRST_BACKOFF = 100
const LONGEST_BACKOFF = 10_000
/** A thread that lived this long, in milliseconds, was well: the backoff starts anew. */
const WELL_AFTER = 60_000
/** How long after its deadline a thread may take to say what it cut, in milliseconds, before it is ended. */
const STOP_GRACE = 2_000

/** A thread died and is going to be replaced. */
export interface ThreadDeath {
  readonly row: number
  readonly reason: ThreadExit
  readonly error?: Error
  /** Milliseconds until its successor starts. */
  readonly restartIn: number
}

/** What a pool needs and whom it tells. */
export interface ThreadPoolOptions {
  readonly count: number
  readonly spawn: SpawnThread
  /** Called before a dead thread's successor is made, to undo what it left. */
  readonly onDeath: (death: ThreadDeath) => void
  /** A thread serves again after a death. */
  readonly onRestart: (row: number) => void
  /** A thread was made. */
  readonly onSpawn?: (row: number) => void
  /** The oldest generation in use over all threads may have changed. */
  readonly onOldest: () => void
  /** A backend has failed as often in a row as makes it suspect. */
  readonly onSuspect: (group: string, id: string) => void
  /** Keys of an issuer that a thread has do not verify what came. */
  readonly onStaleKeys: (url: string) => void
  /** Requests that are traced are over. */
  readonly onTraces: (batch: TraceBatch) => void
}

interface Member {
  thread: PlaneThread | undefined
  /** The version it serves, 0 before the first. */
  serving: number
  /** The version that it prepared last, as the others did. */
  prepared: number
  /** Where it redirects. */
  redirect: Redirect | undefined
  /** Whether it has caught up with the others and is asked for what they are. */
  joined: boolean
  startedAt: number
  deaths: number
}

/**
 * The threads of the data plane: asks all of them for the same, replaces those that die, and brings a newcomer to
 * the generation that the others serve.
 */
export class ThreadPool {
  readonly #options: ThreadPoolOptions
  readonly #members: Member[]
  readonly #stopped = new AbortController()
  #spec: GenerationSpec | undefined
  #material: TlsMaterial | undefined
  #logLevel: LogLevel | undefined
  #keys: readonly JwksSnapshot[] | undefined
  #documents: PublishedDocuments | undefined
  #address: ListenAddress | undefined
  #redirect: Redirect | undefined
  #draining = false

  constructor(options: ThreadPoolOptions) {
    this.#options = options
    this.#members = Array.from({ length: options.count }, () => ({
      thread: undefined,
      serving: 0,
      prepared: 0,
      redirect: undefined,
      joined: false,
      startedAt: 0,
      deaths: 0
    }))
  }

  /** Threads that should serve. */
  get size(): number {
    return this.#members.length
  }

  /** Threads that serve this generation, or have been handed the next one already. */
  serving(version: number): number {
    return this.#members.filter((member) => member.thread && member.serving >= version).length
  }

  /** The oldest generation that any thread may still use. */
  get oldest(): number {
    return Math.min(
      ...this.#members.map(({ thread, serving }) => (thread ? Math.min(thread.oldest, serving) : Infinity))
    )
  }

  /** Makes all threads and lets them serve. @throws Error when one of them can't. */
  async start(spec: GenerationSpec, address: ListenAddress, redirect?: Redirect): Promise<void> {
    this.#spec = spec
    this.#address = address
    this.#redirect = redirect
    await Promise.all(this.#members.map((member, row) => this.#begin(member, row)))
  }

  /**
   * Gives all threads what they speak TLS with, those to come included. A thread that fails comes back with it.
   *
   * @returns What went wrong.
   */
  async secure(material: TlsMaterial): Promise<Error[]> {
    this.#material = material
    return failuresOf(await this.#all((control) => control.secure(material), 'terminate'))
  }

  /** Tells all threads what is known of issuers' keys, those to come included. */
  async verifyWith(keys: readonly JwksSnapshot[]): Promise<void> {
    this.#keys = keys
    await this.#all((control) => control.verifyWith(keys), 'terminate')
  }

  /** Gives all threads the level of their log, those to come included. */
  async setLogLevel(level: LogLevel): Promise<void> {
    this.#logLevel = level
    await this.#all((control) => control.setLogLevel(level))
  }

  /** Gives all threads the services' documents, those to come included. */
  async publish(documents: PublishedDocuments): Promise<void> {
    this.#documents = documents
    await this.#all((control) => control.publish(documents), 'terminate')
  }

  /** First phase of a reload. @throws Error when any thread can't; then it is aborted in all. */
  async prepare(spec: GenerationSpec): Promise<void> {
    const results = await this.#all(async (control, member) => {
      await control.prepare(spec)
      member.prepared = spec.version
    })
    const failed = results.find(
      (result) => result.status === 'rejected' && !(result.reason instanceof ThreadGone)
    )
    if (failed?.status !== 'rejected') return
    await this.abort(spec.version)
    throw failed.reason
  }

  /** Gives up what was prepared. */
  async abort(version: number): Promise<void> {
    await this.#all((control) => control.abort(version))
  }

  /**
   * Second phase: nothing is taken back any more. A thread that fails, or dies meanwhile, comes back with this
   * generation.
   *
   * @returns What went wrong.
   */
  async commit(spec: GenerationSpec, address: ListenAddress, redirect?: Redirect): Promise<Error[]> {
    this.#spec = spec
    this.#address = address
    this.#redirect = redirect
    const results = await this.#all(async (control, member) => {
      // One that has come back between the phases was not asked to prepare.
      if (member.prepared !== spec.version) await control.prepare(spec)
      await control.commit(spec.version)
      member.serving = spec.version
      await listen(control, member, address, redirect)
    }, 'terminate')
    return failuresOf(results)
  }

  async drain(): Promise<void> {
    this.#draining = true
    await this.#all((control) => control.drain())
  }

  /** Stops all threads. @returns What they had to cut. */
  async stop(timeout: number): Promise<StopReport> {
    this.#stopped.abort()
    const results = await this.#all((control) =>
      Promise.race([control.stop(timeout), delay(timeout + STOP_GRACE, { cut: 1 }, { ref: false })])
    )
    for (const { thread } of this.#members) thread?.terminate('stopped')
    await Promise.all(this.#members.flatMap(({ thread }) => (thread ? [thread.exited] : [])))
    return {
      cut: results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value.cut : 0), 0)
    }
  }

  /** Ends a thread that no longer answers; it is replaced. */
  terminate(row: number, reason: ThreadExit): void {
    this.#members[row]?.thread?.terminate(reason)
  }

  /** @param onFailure - Whether a thread that fails is ended, to be replaced. */
  async #all<T>(
    call: (control: DataPlaneControl, member: Member) => Promise<T>,
    onFailure: 'terminate' | 'keep' = 'keep'
  ): Promise<PromiseSettledResult<T>[]> {
    const joined = this.#members.filter((member) => member.thread && member.joined)
    return await Promise.allSettled(
      joined.map(async (member) => {
        const thread = member.thread!
        try {
          return await call(thread.control, member)
        } catch (error) {
          if (onFailure === 'terminate') thread.terminate('uncaught_exception')
          throw error
        }
      })
    )
  }

  /** Spawns a member's thread and brings it to the present generation, even if that changes meanwhile. */
  async #begin(member: Member, row: number): Promise<void> {
    const thread = this.#options.spawn(row, this.#options)
    member.thread = thread
    member.startedAt = performance.now()
    this.#options.onSpawn?.(row)
    void this.#onExit(member, row, thread)
    if (this.#logLevel) await thread.control.setLogLevel(this.#logLevel)
    let version = 0
    for (let spec = this.#spec!; version !== spec.version; spec = this.#spec!) {
      await thread.control.prepare(spec)
      await thread.control.commit(spec.version)
      version = spec.version
    }
    member.joined = true
    if (this.#logLevel) await thread.control.setLogLevel(this.#logLevel)
    if (this.#material) await thread.control.secure(this.#material)
    if (this.#keys) await thread.control.verifyWith(this.#keys)
    if (this.#documents) await thread.control.publish(this.#documents)
    await listen(thread.control, member, this.#address!, this.#redirect)
    if (this.#draining) await thread.control.drain()
    // It may have been taken further while it began to listen.
    member.serving = Math.max(member.serving, version)
  }

  async #onExit(member: Member, row: number, thread: PlaneThread): Promise<void> {
    const { reason, error } = await thread.exited
    member.thread = undefined
    member.serving = 0
    member.prepared = 0
    member.redirect = undefined
    member.joined = false
    if (this.#stopped.signal.aborted) return
    if (performance.now() - member.startedAt > WELL_AFTER) member.deaths = 0
    const restartIn = Math.min(FIRST_BACKOFF * 2 ** member.deaths++, LONGEST_BACKOFF)
    this.#options.onDeath({ row, reason, restartIn, ...(error && { error }) })
    this.#options.onOldest()
    try {
      await delay(restartIn, undefined, { signal: this.#stopped.signal })
      await this.#begin(member, row)
      this.#options.onRestart(row)
    } catch (failure) {
      // Stopped, or the newcomer died as well: its own exit starts the next round.
      if (!(failure instanceof ThreadGone)) this.terminate(row, 'uncaught_exception')
    }
  }
}

/** What is given up may be what is to be listened on next; and clients are sent to HTTPS only once that is served. */
async function listen(
  control: DataPlaneControl,
  member: Member,
  address: ListenAddress,
  redirect: Redirect | undefined
): Promise<void> {
  const before = member.redirect
  member.redirect = redirect
  const isMoved = !isDeepStrictEqual(before?.address, redirect?.address)
  if (before && isMoved) await control.redirect(undefined)
  await control.listen(address)
  if (redirect && !isDeepStrictEqual(before, redirect)) await control.redirect(redirect)
}

/** What went wrong, other than that a thread has died meanwhile: that is told of by itself. */
function failuresOf(results: readonly PromiseSettledResult<unknown>[]): Error[] {
  return results.flatMap((result) =>
    result.status === 'rejected' && !(result.reason instanceof ThreadGone) ? [result.reason as Error] : []
  )
}
