import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Readiness, readiness } from './admin/readiness.ts'
import { addressBlocks } from './address-blocks.ts'
import { type Addresses, firstAddresses, nextAddresses, shared, urlOf, withFreePorts } from './addresses.ts'
import { buildControl } from './app.ts'
import { ConfigError, formatIssue } from './config/issue.ts'
import { ConfigFollower } from './config/follow.ts'
import type { GatewayConfig } from './config/types.ts'
import { explain } from './explain.ts'
import { LiveState } from './live-state.ts'
import { RouteTable } from './routing/route-table.ts'
import { AffinitySecret } from './store/affinity-secret.ts'
import { RedisPresence } from './store/redis-presence.ts'
import { EventLog, type ReloadEvent, type ReloadTrigger } from './telemetry/events.ts'
import { tellOfReload } from './telemetry/reload-news.ts'
import { createDataPlanePool, workerCount } from './threads/data-plane-pool.ts'
import { Generation } from './threads/generation.ts'
import { Listener } from './threads/listener.ts'
import type { StopReport } from './threads/messages.ts'
import type { ThreadPool } from './threads/thread-pool.ts'
import { CertificateStore, type StagedCertificates } from './tls/certificate-store.ts'
import { configIssues, loadStaged } from './tls/checked-config.ts'
import { loadUpstreamTls } from './tls/upstream-tls.ts'

/** How to start a gateway. */
export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly log: Logger
  /** Module that a worker thread runs; by default the gateway's own. */
  readonly workerEntry?: URL
  /** Heap limit of one worker thread, in MiB; by default its share of half of the machine's memory. */
  readonly workerHeap?: number
}

const WORKER_ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** How long a stop waits for a reload under way, in milliseconds. */
const RELOAD_PATIENCE = 1_000
/** How long the admin listener waits for its own requests at a stop, in milliseconds. */
const ADMIN_STOP_TIMEOUT = 500

/**
 * The control plane: it owns configuration, registry and probes, serves the admin API, and tells the data plane's
 * threads what to serve. It carries no public traffic, unless `server.workers` is 0.
 */
export class Gateway {
  readonly events = new EventLog()
  readonly #log: Logger
  readonly #live: LiveState
  readonly #pool: ThreadPool
  readonly #stopWatch: () => void
  readonly #adminListener = new Listener()
  readonly #follower: ConfigFollower
  readonly #certificates: CertificateStore
  readonly #workers: number
  readonly #affinitySecret = new AffinitySecret()
  readonly #presence: RedisPresence
  #config: GatewayConfig
  #table: RouteTable
  #version = 1
  #tried = 1
  #addresses: Addresses
  #control: FastifyInstance | undefined
  #reloading: Promise<unknown> = Promise.resolve()
  #probed = false
  #stopping = false

  /**
   * @throws ListenError when an address can't be listened on.
   * @throws CertificateError when a certificate can't serve.
   */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const config = await loadUpstreamTls(options.config)
    return await withFreePorts(config, () => Gateway.#startOnce({ ...options, config }))
  }

  static async #startOnce(options: GatewayOptions): Promise<Gateway> {
    const addresses = await firstAddresses(options.config)
    const workers = await workerCount(options.config.server, addresses.front.port, options.log)
    const gateway = new Gateway(options, workers, workers > 0 ? shared(addresses) : addresses)
    const started = gateway.#start()
    gateway.#reloading = started.catch(() => undefined)
    try {
      await started
    } catch (error) {
      await gateway.stop(0)
      throw error
    }
    return gateway
  }

  private constructor(
    { config, log, workerEntry, workerHeap }: GatewayOptions,
    workers: number,
    addresses: Addresses
  ) {
    this.#config = config
    this.#log = log
    this.#workers = workers
    this.#table = new RouteTable(config.routes, config.server.limits.maxHeaders)
    this.#live = new LiveState(Math.max(1, workers))
    this.#addresses = addresses
    this.#presence = new RedisPresence({ log, events: this.events, gateways: this.#live.gateways })
    const { pool, stopWatch } = createDataPlanePool({
      log,
      events: this.events,
      workers,
      stallTimeout: config.server.stallTimeout,
      workerEntry: workerEntry ?? WORKER_ENTRY,
      workerHeap,
      clearRow: (row) => this.#live.clearRow(row),
      onOldest: () => this.#live.reclaim(this.#pool.oldest),
      onSuspect: (group, id) => this.#live.registry.emit('suspect', group, id)
    })
    this.#pool = pool
    this.#stopWatch = stopWatch
    this.#follower = new ConfigFollower({
      onChange: () => void this.reload('file'),
      onError: (error) => log.warn({ err: error }, 'changes of the configuration go unnoticed')
    })
    this.#certificates = new CertificateStore({
      log,
      events: this.events,
      secure: async (material) => this.#logFailures(await pool.secure(material)),
      inTurn: (work) => this.#inTurn(work)
    })
    this.events.follow(this.#live.registry)
  }

  /** `http://host:port` of the public listener, `https:` with TLS. */
  get url(): string {
    return urlOf(this.#addresses.front)
  }

  /** `http://host:port` of the admin listener. */
  get adminUrl(): string {
    return urlOf(this.#addresses.admin)
  }

  /** `http://host:port` of the listener that sends clients to {@link url}, if there is one. */
  get redirectUrl(): string | undefined {
    const { redirect } = this.#addresses
    return redirect && urlOf(redirect.address)
  }

  get readiness(): Readiness {
    return readiness({
      stopping: this.#stopping,
      generation: this.#version,
      configured: this.#pool.size,
      serving: this.#pool.serving(this.#version),
      probed: this.#probed
    })
  }

  /**
   * Reads the configuration again and serves it, if it is valid and differs; one that fails changes nothing.
   * Reloads run one after the other.
   */
  async reload(trigger: ReloadTrigger): Promise<ReloadEvent> {
    return await this.#inTurn(() => this.#reload(trigger))
  }

  /**
   * Stops as the configuration's `shutdown` says: not ready, wait, finish, cut.
   *
   * @param timeout - Instead of the configured one, in milliseconds; 0 stops at once.
   */
  async stop(timeout: number = this.#config.server.shutdown.timeout): Promise<StopReport> {
    this.#stopping = true
    this.#follower.stop()
    this.#certificates.stop()
    const deadline = performance.now() + timeout
    const left = (): number => Math.max(0, deadline - performance.now())
    // A thread that stands still may hold a reload up, but not the stop.
    await Promise.race([this.#reloading, delay(RELOAD_PATIENCE, undefined, { ref: false })])
    const grace = Math.min(this.#config.server.shutdown.delay, left())
    if (grace > 0) {
      void this.#pool.drain()
      await delay(grace)
    }
    this.#stopWatch()
    const report = await this.#pool.stop(left())
    await this.#presence.stop()
    await this.#control?.close()
    await this.#adminListener.stop(ADMIN_STOP_TIMEOUT)
    return report
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#reloading.then(work)
    this.#reloading = result.catch(() => undefined)
    return await result
  }

  async #start(): Promise<void> {
    this.#config = await this.#affinitySecret.complete(this.#config, this.#log)
    await this.#certificates.start(this.#config.server.tls?.certificates ?? [])
    this.#follower.follow(this.#config)
    const spec = this.#live.prepare(this.#config, this.#version)
    this.#live.commit(this.#config, this.#version)
    this.#presence.follow(this.#config)
    this.#control = await this.#buildControl()
    this.#adminListener.serve(new Generation(0, this.#control))
    await this.#adminListener.listen(this.#addresses.admin)
    void this.#control.healthChecker.whenAnswered().then(() => (this.#probed = true))
    await this.#pool.start(spec, this.#addresses.front, this.#addresses.redirect)
  }

  async #buildControl(): Promise<FastifyInstance> {
    const { registry } = this.#live
    return await buildControl({
      registry,
      log: this.#log,
      admin: {
        registry,
        events: this.events,
        routes: () => this.#table,
        readiness: () => this.readiness,
        explain: (request) =>
          explain(
            { table: this.#table, registry, trusted: addressBlocks(this.#config.server.trustProxy) },
            request
          ),
        reload: () => this.reload('admin'),
        validate: () => configIssues(this.#config.file)
      }
    })
  }

  async #reload(trigger: ReloadTrigger): Promise<ReloadEvent> {
    if (this.#stopping) return this.#report(trigger, 'failed', ['the gateway is stopping'])
    try {
      const { config, certificates } = await loadStaged(this.#config.file, this.#certificates)
      const next = await this.#affinitySecret.complete(config, this.#log)
      if (isDeepStrictEqual(next, this.#config)) {
        await this.#certificates.use(certificates)
        return this.#report(trigger, 'unchanged')
      }
      await this.#apply(next, certificates)
      return this.#report(trigger, 'applied')
    } catch (error) {
      const errors = error instanceof ConfigError ? error.issues.map(formatIssue) : [(error as Error).message]
      return this.#report(trigger, 'failed', errors)
    } finally {
      this.#follower.follow(this.#config)
    }
  }

  /** The two phases over all threads. @throws Error when nothing was changed. */
  async #apply(next: GatewayConfig, certificates: StagedCertificates): Promise<void> {
    const addresses = await nextAddresses(this.#addresses, this.#config, next)
    const version = ++this.#tried
    const spec = this.#live.prepare(next, version)
    try {
      await this.#pool.prepare(spec)
    } catch (error) {
      this.#live.abort(this.#config)
      throw error
    }
    try {
      await this.#adminListener.listen(addresses.admin)
    } catch (error) {
      await this.#pool.abort(version)
      this.#live.abort(this.#config)
      throw error
    }
    await this.#certificates.use(certificates)
    this.#logFailures(await this.#pool.commit(spec, addresses.front, addresses.redirect))
    this.#live.commit(next, version)
    this.#presence.follow(next)
    if (next.server.workers !== this.#config.server.workers) {
      this.#log.warn({ workers: this.#workers }, 'server.workers takes effect at the next start')
    }
    this.#config = next
    this.#table = new RouteTable(next.routes, next.server.limits.maxHeaders)
    this.#version = version
    this.#addresses = addresses
    this.#log.level = next.log.level
    this.#live.reclaim(this.#pool.oldest)
  }

  #logFailures(errors: readonly Error[]): void {
    for (const error of errors)
      this.#log.error({ err: error }, 'a worker thread failed to take over and is replaced')
  }

  #report(
    trigger: ReloadTrigger,
    outcome: ReloadEvent['outcome'],
    errors: readonly string[] = []
  ): ReloadEvent {
    const generation = this.#version
    return tellOfReload(this.#log, this.events, { type: 'reload', trigger, outcome, generation, errors })
  }
}
