import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { JwksKeeper } from './access/jwks-keeper.ts'
import { adminContext } from './admin-context.ts'
import { type Readiness, readiness } from './admin/readiness.ts'
import { firstAddresses, shared, urlOf, withFreePorts } from './addresses.ts'
import { buildControl } from './app.ts'
import { ConfigFollower } from './config/follow.ts'
import type { GatewayConfig } from './config/types.ts'
import type { GatewayOptions, StartParts } from './gateway-options.ts'
import { createKeepers } from './keepers.ts'
import { LiveState } from './live-state.ts'
import { Membership } from './membership/membership.ts'
import type { DocumentKeeper } from './openapi/document-keeper.ts'
import { openStore } from './membership/open-store.ts'
import { Reloader } from './reloader.ts'
import { Serving } from './serving.ts'
import { AffinitySecret } from './store/affinity-secret.ts'
import { RedisPresence } from './store/redis-presence.ts'
import { TraceExport } from './telemetry/trace-export.ts'
import type { SpanCounts } from './telemetry/trace-exporter.ts'
import { LogLevels } from './telemetry/log-levels.ts'
import { EventLog, type ReloadEvent, type ReloadTrigger } from './telemetry/events.ts'
import { EventCounts } from './telemetry/metrics/event-counts.ts'
import { createDataPlanePool, workerCount } from './threads/data-plane-pool.ts'
import { Generation } from './threads/generation.ts'
import { Listener } from './threads/listener.ts'
import type { StopReport } from './threads/messages.ts'
import type { ThreadPool } from './threads/thread-pool.ts'
import { CertificateStore } from './tls/certificate-store.ts'
import { loadUpstreamTls } from './tls/upstream-tls.ts'

const WORKER_ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** How long a stop waits for a reload under way, in milliseconds. */
const RELOAD_PATIENCE = 1_000
/** How long a stop waits for a collector to take the last traces, in milliseconds. */
const TRACES_PATIENCE = 3_000
/** How long the admin listener waits for its own requests at a stop, in milliseconds. */
const ADMIN_STOP_TIMEOUT = 500

/**
 * The control plane: it owns configuration, registry and probes, serves the admin API, and tells the data plane's
 * threads what to serve. It carries no public traffic, unless `server.workers` is 0.
 */
export class Gateway {
  readonly events = new EventLog()
  readonly #eventCounts = new EventCounts(this.events, Date.now())
  readonly #log: Logger
  readonly #live: LiveState
  readonly #pool: ThreadPool
  readonly #stopWatch: () => void
  readonly #adminListener = new Listener()
  readonly #follower: ConfigFollower
  readonly #certificates: CertificateStore
  readonly #presence: RedisPresence
  readonly #jwks: JwksKeeper
  readonly #traces: TraceExport
  readonly #logLevels: LogLevels
  readonly #documents: DocumentKeeper
  readonly #serving: Serving
  readonly #membership: Membership
  readonly #reloader: Reloader
  #control: FastifyInstance | undefined
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
    const id = randomUUID()
    const store = await openStore(options.config.store, id, options.log)
    const gateway = new Gateway(options, {
      id,
      store,
      workers,
      addresses: workers > 0 ? shared(addresses) : addresses
    })
    try {
      await gateway.#reloader.inTurn(() => gateway.#start())
    } catch (error) {
      await gateway.stop(0)
      throw error
    }
    return gateway
  }

  private constructor(
    { config, log, logLevel, workerEntry, workerHeap }: GatewayOptions,
    { id, store, workers, addresses }: StartParts
  ) {
    this.#log = log
    this.#live = new LiveState(Math.max(1, workers))
    this.#presence = new RedisPresence({ log, events: this.events, gateways: this.#live.gateways })
    this.#traces = new TraceExport({ log, instance: id })
    const { pool, stopWatch } = createDataPlanePool({
      log,
      events: this.events,
      workers,
      logFormat: config.log.format,
      stallTimeout: config.server.stallTimeout,
      workerEntry: workerEntry ?? WORKER_ENTRY,
      workerHeap,
      clearRow: (row) => this.#live.clearRow(row),
      onOldest: () => this.#live.reclaim(this.#pool.oldest),
      onSuspect: (group, id) => this.#live.registry.emit('suspect', group, id),
      onStaleKeys: (url) => void this.#jwks.refreshed(url),
      onTraces: (batch) => this.#traces.take(batch)
    })
    this.#pool = pool
    this.#logLevels = new LogLevels({
      configured: config.log.level,
      fixed: logLevel,
      here: (level) => (log.level = level),
      threads: (level) => void pool.setLogLevel(level)
    })
    this.#stopWatch = stopWatch
    const { jwks, documents } = createKeepers({
      log,
      events: this.events,
      registry: this.#live.registry,
      pool
    })
    this.#jwks = jwks
    this.#documents = documents
    this.#membership = new Membership({
      store,
      registry: this.#live.registry,
      log,
      events: this.events,
      id,
      isAlone: config.store.type === 'file',
      enforce: () => this.#reloader.enforce()
    })
    this.#follower = new ConfigFollower({
      onChange: () => void this.reload('file'),
      onError: (error) => log.warn({ err: error }, 'changes of the configuration go unnoticed')
    })
    this.#serving = new Serving({
      config,
      addresses,
      workers,
      live: this.#live,
      pool,
      adminListener: this.#adminListener,
      followers: [
        this.#presence,
        this.#follower,
        this.#traces,
        this.#logLevels,
        this.#documents,
        { follow: ({ auth }) => this.#jwks.follow(auth?.jwt.map(({ jwks }) => jwks) ?? []) }
      ],
      log
    })
    this.#certificates = new CertificateStore({
      log,
      events: this.events,
      secure: async (material) => this.#serving.logFailures(await pool.secure(material)),
      inTurn: (work) => this.#reloader.inTurn(work)
    })
    this.#reloader = new Reloader({
      file: config,
      serving: this.#serving,
      membership: this.#membership,
      certificates: this.#certificates,
      follower: this.#follower,
      affinitySecret: new AffinitySecret(),
      events: this.events,
      log
    })
    this.events.follow(this.#live.registry)
  }

  /** `http://host:port` of the public listener, `https:` with TLS. */
  get url(): string {
    return urlOf(this.#serving.addresses.front)
  }

  /** `http://host:port` of the admin listener. */
  get adminUrl(): string {
    return urlOf(this.#serving.addresses.admin)
  }

  /** `http://host:port` of the listener that sends clients to {@link url}, if there is one. */
  get redirectUrl(): string | undefined {
    const { redirect } = this.#serving.addresses
    return redirect && urlOf(redirect.address)
  }

  /** Spans that were exported and dropped so far. */
  get spanCounts(): Readonly<SpanCounts> {
    return this.#traces.counts
  }

  get readiness(): Readiness {
    return readiness({
      stopping: this.#stopping,
      generation: this.#serving.version,
      configured: this.#pool.size,
      serving: this.#pool.serving(this.#serving.version),
      probed: this.#probed
    })
  }

  /**
   * Reads the configuration again and serves it, if it is valid and differs; one that fails changes nothing.
   * Reloads run one after the other.
   */
  async reload(trigger: ReloadTrigger): Promise<ReloadEvent> {
    return await this.#reloader.reload(trigger)
  }

  /**
   * Stops as the configuration's `shutdown` says: not ready, wait, finish, cut.
   *
   * @param timeout - Instead of the configured one, in milliseconds; 0 stops at once.
   */
  async stop(timeout: number = this.#config.server.shutdown.timeout): Promise<StopReport> {
    this.#stopping = true
    this.#follower.stop()
    this.#jwks.stop()
    this.#certificates.stop()
    const deadline = performance.now() + timeout
    const left = (): number => Math.max(0, deadline - performance.now())
    await this.#reloader.stop(RELOAD_PATIENCE)
    const grace = Math.min(this.#config.server.shutdown.delay, left())
    if (grace > 0) {
      void this.#pool.drain()
      await delay(grace)
    }
    this.#stopWatch()
    const report = await this.#pool.stop(left())
    await Promise.all([
      this.#presence.stop(),
      this.#membership.close(),
      this.#traces.stop(Math.min(left(), TRACES_PATIENCE))
    ])
    this.#documents.stop()
    await this.#control?.close()
    await this.#adminListener.stop(ADMIN_STOP_TIMEOUT)
    return report
  }

  get #config(): GatewayConfig {
    return this.#serving.config
  }

  async #start(): Promise<void> {
    const config = await this.#reloader.first()
    await this.#certificates.start(config.server.tls?.certificates ?? [])
    await this.#serving.start(config, async () => {
      this.#membership.applyStates()
      this.#control = await this.#buildControl()
      this.#adminListener.serve(new Generation(0, this.#control))
      await this.#adminListener.listen(this.#serving.addresses.admin)
      await this.#documents.prepare(config)
      void this.#control.healthChecker.whenAnswered().then(() => (this.#probed = true))
    })
    this.#reloader.settle()
  }

  async #buildControl(): Promise<FastifyInstance> {
    return await buildControl({
      registry: this.#live.registry,
      log: this.#log,
      admin: adminContext({
        live: this.#live,
        pool: this.#pool,
        serving: this.#serving,
        membership: this.#membership,
        certificates: this.#certificates,
        documents: this.#documents,
        traces: this.#traces,
        logLevels: this.#logLevels,
        events: this.events,
        eventCounts: this.#eventCounts,
        readiness: () => this.readiness,
        reload: () => this.reload('admin')
      })
    })
  }
}
