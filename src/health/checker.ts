import type { HealthCheckConfig } from '../config/types.ts'
import { BackendCheck } from './backend-check.ts'
import type { BackendCheckContext, BackendCheckSettings } from './backend-check.ts'
import { probeHttp } from './probe-http.ts'
import { probeHttp2 } from './probe-http2.ts'
import { probeTcp } from './probe-tcp.ts'
import type { HealthState } from './rise-fall.ts'
import { StartGate } from './start-gate.ts'
import type { HealthReason, Probe, ProbeTransport } from './types.ts'

/** First probes in flight at once, so that a start with a thousand backends is no storm. */
const FIRST_PROBES = 64

/** A backend as the checker needs to know it. */
export interface CheckedBackend {
  readonly id: string
  /** Origin. */
  readonly url: string
  /** Host and SNI to ask for instead of those of its URL. */
  readonly authority?: string | undefined
  /** What it is before its first verdict; of no account once the checker knows it. */
  readonly healthy: boolean
}

/** An upstream group; without a `healthCheck` nothing of it is probed. */
export interface CheckedGroup {
  readonly name: string
  readonly healthCheck?: HealthCheckConfig
  /** By default HTTP/1.1, and for `https:` the usual authorities. */
  readonly transport?: ProbeTransport
  readonly backends: readonly CheckedBackend[]
}

/** What the checker thinks of a backend, and since this probe. */
export interface HealthVerdict {
  readonly group: string
  readonly id: string
  readonly url: string
  readonly healthy: boolean
  readonly reason: HealthReason
  /** Whether this probe made a well backend ill or an ill one well. */
  readonly flipped: boolean
}

export interface HealthCheckerOptions {
  /**
   * Called for the first answered probe of a backend, for every flip and whenever the reason changes; must not
   * throw.
   */
  readonly onVerdict: (verdict: HealthVerdict) => void
  /** Called for every probe that passes and leaves its backend well, after the verdict; must not throw. */
  readonly onPassed?: (group: string, id: string) => void
  /** 0 inclusive to 1 exclusive; by default `Math.random`. */
  readonly random?: () => number
  /** Instead of real probes. A probe that rejects has failed, with the reason of its error. */
  readonly probes?: Partial<Record<HealthCheckConfig['type'], Probe>>
}

interface Entry {
  readonly url: string
  readonly check: BackendCheck
  readonly begin: () => void
}

/**
 * Probes the backends of every group that has a health check, from the moment it knows of them and whether or
 * not there is traffic. State is kept per group and backend, even where two groups share an address.
 */
export class HealthChecker {
  readonly #onVerdict: (verdict: HealthVerdict) => void
  readonly #onPassed: (group: string, id: string) => void
  readonly #shared: Pick<BackendCheckContext, 'probes' | 'random'>
  readonly #entries = new Map<string, Entry>()
  readonly #gate = new StartGate(FIRST_PROBES)
  /** Those let in by the gate whose first probe runs. */
  readonly #first = new Set<BackendCheck>()
  readonly #unanswered = new Set<BackendCheck>()
  /** Ends of the probes that removed backends left behind. */
  readonly #leaving = new Set<Promise<void>>()
  #waiting: (() => void)[] = []
  #stopped = false

  constructor(options: HealthCheckerOptions) {
    this.#onVerdict = options.onVerdict
    this.#onPassed = options.onPassed ?? (() => {})
    this.#shared = {
      random: options.random ?? Math.random,
      probes: { http: probeByProtocol, tcp: probeTcp, ...options.probes }
    }
  }

  /** Backends whose first probe has neither answered nor timed out. */
  get pending(): number {
    return this.#unanswered.size
  }

  /**
   * Takes the groups as they are now. New backends are probed at once, those that are gone no longer; the others
   * keep verdict, counts and schedule, and take changed settings from their next probe on. After {@link stop} it
   * does nothing.
   */
  update(groups: readonly CheckedGroup[]): void {
    if (this.#stopped) return
    const gone = new Set(this.#entries.keys())
    const fresh = new Map<string, Entry>()
    for (const { name, healthCheck, transport = HTTP1, backends } of groups) {
      if (healthCheck === undefined) continue
      for (const backend of backends) {
        const { authority } = backend
        const settings = {
          check: healthCheck,
          transport: authority === undefined ? transport : { ...transport, authority }
        }
        const key = `${name}\0${backend.id}`
        gone.delete(key)
        const known = this.#entries.get(key)
        if (known?.url === backend.url) {
          known.check.configure(settings)
          continue
        }
        // Another address under the same id is another server.
        if (known !== undefined) this.#remove([key])
        fresh.set(key, this.#add(key, name, backend, settings))
      }
    }
    this.#remove(gone)
    for (const { begin } of fresh.values()) this.#gate.enter(begin)
    this.#notify()
  }

  /** Resolves once {@link pending} is 0, which it is as well after {@link stop}. */
  async whenAnswered(): Promise<void> {
    if (this.pending === 0) return
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /** Ends all probing for good and waits until no probe runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#remove(this.#entries.keys())
    this.#notify()
    await Promise.all(this.#leaving)
  }

  #add(key: string, group: string, backend: CheckedBackend, settings: BackendCheckSettings): Entry {
    const { id, url, healthy } = backend
    const check = new BackendCheck(
      url,
      { ...settings, healthy },
      {
        ...this.#shared,
        onProbed: (before, after) => {
          this.#answered(check)
          if (worthTelling(before, after)) {
            const flipped = after.healthy !== before.healthy
            this.#onVerdict({ group, id, url, healthy: after.healthy, reason: after.reason, flipped })
          }
          if (after.healthy && after.bad === 0) this.#onPassed(group, id)
          this.#notify()
        }
      }
    )
    const begin = (): void => {
      this.#first.add(check)
      check.start()
    }
    const entry: Entry = { url, check, begin }
    this.#entries.set(key, entry)
    this.#unanswered.add(check)
    return entry
  }

  #remove(keys: Iterable<string>): void {
    const leaving = [...keys].map((key) => [key, this.#entries.get(key)!] as const)
    // All of them first: a place that becomes free must not start one that is about to go.
    for (const [, { begin }] of leaving) this.#gate.withdraw(begin)
    for (const [key, { check }] of leaving) {
      this.#entries.delete(key)
      check.stop()
      this.#leaving.add(check.idle)
      void check.idle.then(() => this.#leaving.delete(check.idle))
      this.#answered(check)
    }
  }

  #answered(check: BackendCheck): void {
    this.#unanswered.delete(check)
    if (this.#first.delete(check)) this.#gate.leave()
  }

  #notify(): void {
    if (this.pending > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

const HTTP1: ProbeTransport = { protocol: 'http1' }

const probeByProtocol: Probe = async (url, check, signal, transport) =>
  await (transport?.protocol === 'h2' ? probeHttp2 : probeHttp)(url, check, signal, transport)

function worthTelling(before: HealthState, after: HealthState): boolean {
  return !before.probed || after.healthy !== before.healthy || after.reason !== before.reason
}
