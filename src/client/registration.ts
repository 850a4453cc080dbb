import { setTimeout as delay } from 'node:timers/promises'
import { type AdminAnswer, type AdminCalls, Unanswered } from './admin-calls.ts'
import { renewalWait, retryWait } from './pace.ts'

/** What happened to a registration. */
export interface RegistrationEvent {
  /**
   * `registered`: the gateway has it. `renewed`: it has another whole lease. `lost`: the gateway does not know it any more,
   * it is registered anew. `failed`: a try failed, another follows (of the last one, at the end, none).
   */
  readonly type: 'registered' | 'renewed' | 'lost' | 'failed'
  /** Of the backend; undefined before it was registered for the first time. */
  readonly id: string | undefined
  /** What the gateway said, or why none answered; undefined when all is well. */
  readonly reason: string | undefined
}

/** What is asked for: the body of the registration. */
export interface RegisteredBackend {
  readonly url: string
  readonly ttl: string | number
  readonly weight?: number
  readonly tier?: number
  readonly maxInFlight?: number
  readonly initially?: 'healthy' | 'unhealthy'
}

/** The gateway does not take this backend, and will not take it the next time. */
export class RegistrationRefused extends Error {
  /** HTTP status of the answer. */
  readonly status: number

  constructor({ gateway, status, detail }: AdminAnswer) {
    super(`the gateway at ${gateway} refuses the registration (${status}): ${detail}`)
    this.name = 'RegistrationRefused'
    this.status = status
  }
}

/** What {@link Registration} needs. */
export interface RegistrationOptions {
  readonly calls: AdminCalls
  readonly group: string
  readonly backend: RegisteredBackend
  /** Length of the lease, in milliseconds. */
  readonly ttl: number
  /** 0 to 1. */
  readonly chance: () => number
  readonly tell: (event: RegistrationEvent) => void
}

/** How long deregistering may take, in milliseconds, and how much of it a call that is under way may. */
const CLOSING = { all: 5_000, underWay: 2_500 }

/** Wait between two tries to deregister, in milliseconds. */
const CLOSING_PAUSE = 200

/** A backend's registration, renewed until it is closed. */
export class Registration implements AsyncDisposable {
  readonly #options: RegistrationOptions
  readonly #backends: string
  /** Ends the waits, at once when it is closed. */
  readonly #waits = new AbortController()
  /** Ends the call that is under way. */
  readonly #calls = new AbortController()
  #id: string | undefined
  /** Whether there is a lease to renew: a backend that the configuration names has none. */
  #standing: 'leased' | 'named' | 'lost' = 'lost'
  #renewals: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: RegistrationOptions) {
    this.#options = options
    this.#backends = `api/upstreams/${encodeURIComponent(options.group)}/backends`
  }

  /** Of the backend; empty before {@link begin} is through. */
  get id(): string {
    return this.#id ?? ''
  }

  /** Registers for the first time, and renews from then on. */
  async begin(signal?: AbortSignal): Promise<void> {
    for (let failures = 1; ; failures++) {
      signal?.throwIfAborted()
      const failure = await this.#attempt(() => this.#register(signal ?? this.#calls.signal))
      if (!failure) break
      const wait = retryWait(failures, this.#options.ttl, this.#options.chance(), failure.retryAfter)
      // The process has nothing else to wait for at its start: this one keeps it alive.
      await delay(wait, undefined, signal && { signal }).catch(() => {})
    }
    this.#renewals = this.#renewForEver()
  }

  /** Deregisters. */
  async close(): Promise<void> {
    this.#closing ??= this.#deregister()
    await this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #renewForEver(): Promise<void> {
    const { ttl, chance } = this.#options
    let failures = 0
    let wait = renewalWait(ttl, chance())
    for (;;) {
      await delay(wait, undefined, { ref: false, signal: this.#waits.signal }).catch(() => {})
      if (this.#waits.signal.aborted) return
      let failure: { readonly retryAfter?: number | undefined } | undefined
      try {
        failure = await this.#attempt(() => this.#renew())
      } catch (error) {
        if (this.#calls.signal.aborted) return
        // The first registration was taken. What is wrong now, a token or a group that is gone, somebody may mend.
        this.#tell('failed', (error as Error).message)
        failure = {}
      }
      failures = failure ? failures + 1 : 0
      wait = failure ? retryWait(failures, ttl, chance(), failure.retryAfter) : renewalWait(ttl, chance())
    }
  }

  /** @returns Why nobody answered, if so. */
  async #attempt(call: () => Promise<void>): Promise<Unanswered | undefined> {
    try {
      await call()
      return undefined
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      this.#tell('failed', error.message)
      return error
    }
  }

  async #register(signal: AbortSignal): Promise<void> {
    await this.#post(signal)
    this.#tell('registered')
  }

  async #post(signal: AbortSignal): Promise<void> {
    const answer = await this.#options.calls.call('POST', this.#backends, this.#options.backend, signal)
    if (answer.status >= 300) throw new RegistrationRefused(answer)
    const { id, source } = (answer.body ?? {}) as { id?: unknown; source?: unknown }
    if (typeof id !== 'string') {
      throw new RegistrationRefused({ ...answer, detail: 'what answers is no admin API' })
    }
    this.#id = id
    this.#standing = source === undefined || source === 'registration' ? 'leased' : 'named'
  }

  async #renew(): Promise<void> {
    const { signal } = this.#calls
    if (this.#standing === 'lost') return await this.#register(signal)
    if (this.#standing === 'named') {
      // To register again changes nothing while the configuration names it, and is in time when it no longer does.
      await this.#post(signal)
      return this.#tell('renewed')
    }
    const answer = await this.#options.calls.call('PUT', `${this.#path()}/lease`, undefined, signal)
    if (answer.status === 404 || answer.status === 410) {
      this.#standing = 'lost'
      this.#tell('lost', answer.detail)
      return await this.#register(signal)
    }
    if (answer.status >= 300) throw new RegistrationRefused(answer)
    return this.#tell('renewed')
  }

  async #deregister(): Promise<void> {
    const until = AbortSignal.timeout(CLOSING.all)
    this.#waits.abort()
    // A registration that is under way would come after the deregistration.
    const timer = new AbortController()
    const tooLong = delay(CLOSING.underWay, undefined, { signal: timer.signal }).catch(() => {})
    await Promise.race([this.#renewals, tooLong])
    timer.abort()
    this.#calls.abort()
    while (!until.aborted) {
      try {
        const { status, detail } = await this.#options.calls.call('DELETE', this.#path(), undefined, until)
        const isOut = status < 300 || status === 404 || status === 410
        // Who names it in the configuration keeps it: there is nothing to undo.
        if (!isOut && this.#standing !== 'named') this.#tell('failed', detail)
        return
      } catch (error) {
        if (!until.aborted) this.#tell('failed', (error as Error).message)
        await delay(CLOSING_PAUSE, undefined, { signal: until }).catch(() => {})
      }
    }
    this.#tell('failed', 'not deregistered in time: its lease runs out')
  }

  #path(): string {
    return `${this.#backends}/${encodeURIComponent(this.id)}`
  }

  /** A listener that fails must not end the renewals. */
  #tell(type: RegistrationEvent['type'], reason?: string): void {
    try {
      this.#options.tell({ type, id: this.#id, reason })
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }
}
