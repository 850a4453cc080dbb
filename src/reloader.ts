import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { ConfigFollower } from './config/follow.ts'
import { ConfigError, formatIssue } from './config/issue.ts'
import type { GatewayConfig } from './config/types.ts'
import type { Membership } from './membership/membership.ts'
import type { Serving } from './serving.ts'
import type { AffinitySecret } from './store/affinity-secret.ts'
import type { EventLog, ReloadEvent, ReloadTrigger } from './telemetry/events.ts'
import { tellOfReload } from './telemetry/reload-news.ts'
import type { CertificateStore } from './tls/certificate-store.ts'
import { loadStaged } from './tls/checked-config.ts'

/** What a {@link Reloader} works with. */
export interface ReloaderParts {
  /** The configuration to start with, as its file says it. */
  readonly file: GatewayConfig
  readonly serving: Serving
  readonly membership: Membership
  readonly certificates: CertificateStore
  readonly follower: ConfigFollower
  readonly affinitySecret: AffinitySecret
  readonly events: EventLog
  readonly log: Logger
}

/** Brings what serves in line with the configuration's file and with what was decided at run time, one change at a time. */
export class Reloader {
  readonly #parts: ReloaderParts
  /** What serves, as the file says it. */
  #file: GatewayConfig
  #turn: Promise<unknown> = Promise.resolve()
  #enforcing: Promise<void> | undefined
  #isStopping = false

  constructor(parts: ReloaderParts) {
    this.#parts = parts
    this.#file = parts.file
  }

  /** The configuration to serve first, with all that belongs to it; {@link settle} once it serves. */
  async first(): Promise<GatewayConfig> {
    const { affinitySecret, membership, log } = this.#parts
    this.#file = await affinitySecret.complete(this.#file, log)
    return membership.complete(this.#file)
  }

  /** Does something that must not fall amid a reload. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return await result
  }

  /** Reads the file again and serves it, if it is valid and differs; one that fails changes nothing. */
  async reload(trigger: ReloadTrigger): Promise<ReloadEvent> {
    return await this.inTurn(() => this.#reload(trigger))
  }

  /** Puts what has changed at run time in force, behind whatever changes now. Who comes meanwhile shares the turn. */
  enforce(): Promise<void> {
    this.#enforcing ??= this.inTurn(async () => {
      this.#enforcing = undefined
      if (this.#isStopping) return
      const { membership, serving } = this.#parts
      const next = membership.complete(this.#file)
      if (!isDeepStrictEqual(next.upstreams, serving.config.upstreams)) await serving.apply(next)
      this.settle()
    })
    return this.#enforcing
  }

  /** What the file and the store say serves now: gives backends their states, and looks for more where it says. */
  settle(file: GatewayConfig = this.#file): void {
    this.#file = file
    this.#parts.membership.applyStates()
    this.#parts.membership.follow(file)
  }

  /** Lets no change begin any more, and waits a while for the one under way. @param patience - Milliseconds. */
  async stop(patience: number): Promise<void> {
    this.#isStopping = true
    // A thread that stands still may hold a reload up, but not the stop.
    await Promise.race([this.#turn, delay(patience, undefined, { ref: false })])
  }

  async #reload(trigger: ReloadTrigger): Promise<ReloadEvent> {
    const { serving, membership, certificates: store, follower, affinitySecret, log } = this.#parts
    if (this.#isStopping) return this.#report(trigger, 'failed', ['the gateway is stopping'])
    try {
      const { config, certificates } = await loadStaged(this.#file.file, store)
      const file = await affinitySecret.complete(config, log)
      const next = membership.complete(file)
      const isSame = isDeepStrictEqual(next, serving.config)
      if (isSame) await store.use(certificates)
      else await serving.apply(next, () => store.use(certificates))
      this.settle(file)
      return this.#report(trigger, isSame ? 'unchanged' : 'applied')
    } catch (error) {
      const errors = error instanceof ConfigError ? error.issues.map(formatIssue) : [(error as Error).message]
      return this.#report(trigger, 'failed', errors)
    } finally {
      follower.follow(serving.config)
    }
  }

  #report(
    trigger: ReloadTrigger,
    outcome: ReloadEvent['outcome'],
    errors: readonly string[] = []
  ): ReloadEvent {
    const { serving, events, log } = this.#parts
    const generation = serving.version
    return tellOfReload(log, events, { type: 'reload', trigger, outcome, generation, errors })
  }
}
