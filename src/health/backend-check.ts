import { isDeepStrictEqual } from 'node:util'
import type { HealthCheckConfig } from '../config/types.ts'
import { failureReason } from './failure-reason.ts'
import { jittered, jitterFactor } from './jitter.ts'
import { afterProbe, unprobed, withoutCounts } from './rise-fall.ts'
import type { HealthState } from './rise-fall.ts'
import type { Probe, ProbeResult, ProbeTransport } from './types.ts'

/** What a backend's check needs from the checker that runs it. */
export interface BackendCheckContext {
  readonly probes: Readonly<Record<HealthCheckConfig['type'], Probe>>
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
  /** Called after every probe that counts, with the state before it and after it. */
  readonly onProbed: (before: HealthState, after: HealthState) => void
}

/** How a backend is probed. */
export interface BackendCheckSettings {
  readonly check: HealthCheckConfig
  readonly transport: ProbeTransport
}

/**
 * The probing of one backend: one probe at a time, each an interval (± 10 %) after the start of the one before,
 * or at once when that one took longer.
 */
export class BackendCheck {
  readonly #url: string
  readonly #context: BackendCheckContext
  #check: HealthCheckConfig
  #transport: ProbeTransport
  #state: HealthState
  #running: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0
  #factor = 1
  #due = false
  #stopped = false
  #idle: Promise<void> = Promise.resolve()

  constructor(
    url: string,
    { check, transport, healthy }: BackendCheckSettings & { readonly healthy: boolean },
    context: BackendCheckContext
  ) {
    this.#url = url
    this.#check = check
    this.#transport = transport
    this.#state = unprobed(healthy)
    this.#context = context
  }

  /** Resolves once no probe runs; after {@link stop}, for good. */
  get idle(): Promise<void> {
    return this.#idle
  }

  /** Begins the first probe; the others follow by themselves. */
  start(): void {
    this.#due = false
    this.#startedAt = Date.now()
    this.#factor = jitterFactor(this.#context.random())
    this.#arm(jittered(this.#check.interval, this.#factor))
    this.#idle = this.#run(this.#check)
  }

  /**
   * Takes other settings from the next probe on. The verdict stays, so that a reload never makes a backend flap,
   * but results under the old settings no longer count towards another one.
   */
  configure({ check, transport }: BackendCheckSettings): void {
    if (isDeepStrictEqual([check, transport], [this.#check, this.#transport])) return
    const before = this.#check.interval
    this.#check = check
    this.#transport = transport
    this.#state = withoutCounts(this.#state)
    if (check.interval === before || this.#timer === undefined) return
    const delay = jittered(check.interval, this.#factor)
    // The bounds keep a step of the wall clock from stretching the wait.
    this.#arm(Math.min(Math.max(this.#startedAt + delay - Date.now(), 0), delay))
  }

  /** Ends the probing: a running probe is aborted and its result ignored. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#running?.abort()
  }

  #arm(delay: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#running === undefined) this.start()
      else this.#due = true
    }, delay)
  }

  async #run(check: HealthCheckConfig): Promise<void> {
    const running = new AbortController()
    this.#running = running
    const result = await this.#probe(check, running.signal)
    this.#running = undefined
    if (this.#stopped) return
    const before = this.#state
    this.#state = afterProbe(before, result, check)
    if (this.#due) this.start()
    this.#context.onProbed(before, this.#state)
  }

  async #probe(check: HealthCheckConfig, signal: AbortSignal): Promise<ProbeResult> {
    try {
      return await this.#context.probes[check.type](this.#url, check, signal, this.#transport)
    } catch (error) {
      return { ok: false, reason: failureReason(error) }
    }
  }
}
