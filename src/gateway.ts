import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Readiness, readiness } from './admin/readiness.ts'
import { buildControl } from './app.ts'
import { ConfigError, type ConfigIssue, formatIssue } from './config/issue.ts'
import { ConfigFollower } from './config/follow.ts'
import { loadConfig } from './config/load.ts'
import type { GatewayConfig } from './config/types.ts'
import { explain } from './explain.ts'
import { LiveState } from './live-state.ts'
import { RouteTable } from './routing/route-table.ts'
import { EventLog, type ReloadEvent, type ReloadTrigger } from './telemetry/events.ts'
import { createDataPlanePool, workerCount } from './threads/data-plane-pool.ts'
import { Generation } from './threads/generation.ts'
import { Listener } from './threads/listener.ts'
import type { ListenAddress, StopReport } from './threads/messages.ts'
import { authority, reservePort } from './threads/reserve-port.ts'
import type { ThreadPool } from './threads/thread-pool.ts'

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
  readonly #workers: number
  #config: GatewayConfig
  #table: RouteTable
  #version = 1
  #tried = 1
  #address: ListenAddress
  #adminAddress: ListenAddress
  #control: FastifyInstance | undefined
  #reloading: Promise<unknown> = Promise.resolve()
  #probed = false
  #stopping = false

  /** @throws ListenError when an address can't be listened on. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { server, admin } = options.config
    const port = await reservePort(server.host, server.port)
    const adminPort = await reservePort(admin.host, admin.port)
    const workers = await workerCount(server, port, options.log)
    const gateway = new Gateway(options, workers, port, adminPort)
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
    port: number,
    adminPort: number
  ) {
    this.#config = config
    this.#log = log
    this.#workers = workers
    this.#table = new RouteTable(config.routes)
    this.#live = new LiveState(Math.max(1, workers))
    this.#address = { host: config.server.host, port, reusePort: workers > 0 }
    this.#adminAddress = { host: config.admin.host, port: adminPort, reusePort: false }
    const { pool, stopWatch } = createDataPlanePool({
      log,
      events: this.events,
      workers,
      stallTimeout: config.server.stallTimeout,
      workerEntry: workerEntry ?? WORKER_ENTRY,
      workerHeap,
      clearRow: (row) => this.#live.clearRow(row),
      onOldest: () => this.#live.reclaim(this.#pool.oldest)
    })
    this.#pool = pool
    this.#stopWatch = stopWatch
    this.#follower = new ConfigFollower({
      onChange: () => void this.reload('file'),
      onError: (error) => log.warn({ err: error }, 'changes of the configuration go unnoticed')
    })
    this.#live.registry.on('flip', (flip) => this.events.record({ type: 'health', ...flip }))
  }

  /** `http://host:port` of the public listener. */
  get url(): string {
    return `http://${authority(this.#address.host, this.#address.port)}`
  }

  /** `http://host:port` of the admin listener. */
  get adminUrl(): string {
    return `http://${authority(this.#adminAddress.host, this.#adminAddress.port)}`
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
    const result = this.#reloading.then(() => this.#reload(trigger))
    this.#reloading = result.catch(() => undefined)
    return await result
  }

  /**
   * Stops as the configuration's `shutdown` says: not ready, wait, finish, cut.
   *
   * @param timeout - Instead of the configured one, in milliseconds; 0 stops at once.
   */
  async stop(timeout: number = this.#config.server.shutdown.timeout): Promise<StopReport> {
    this.#stopping = true
    this.#follower.stop()
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
    await this.#control?.close()
    await this.#adminListener.stop(ADMIN_STOP_TIMEOUT)
    return report
  }

  async #start(): Promise<void> {
    this.#follower.follow(this.#config)
    const spec = this.#live.prepare(this.#config, this.#version)
    this.#live.commit(this.#config, this.#version)
    this.#control = await this.#buildControl()
    this.#adminListener.serve(new Generation(0, this.#control))
    await this.#adminListener.listen(this.#adminAddress)
    void this.#control.healthChecker.whenAnswered().then(() => (this.#probed = true))
    await this.#pool.start(spec, this.#address)
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
            {
              table: this.#table,
              groups: registry.groups,
              observed: (backend) => registry.observed(backend)
            },
            request
          ),
        reload: () => this.reload('admin'),
        validate: () => validate(this.#config.file)
      }
    })
  }

  async #reload(trigger: ReloadTrigger): Promise<ReloadEvent> {
    if (this.#stopping) return this.#report(trigger, 'failed', ['the gateway is stopping'])
    try {
      const next = await loadConfig(this.#config.file)
      if (isDeepStrictEqual(next, this.#config)) return this.#report(trigger, 'unchanged')
      await this.#apply(next)
      return this.#report(trigger, 'applied')
    } catch (error) {
      const errors = error instanceof ConfigError ? error.issues.map(formatIssue) : [(error as Error).message]
      return this.#report(trigger, 'failed', errors)
    } finally {
      this.#follower.follow(this.#config)
    }
  }

  /** The two phases over all threads. @throws Error when nothing was changed. */
  async #apply(next: GatewayConfig): Promise<void> {
    const address = await this.#nextAddress(this.#address, this.#config.server, next.server)
    const adminAddress = await this.#nextAddress(this.#adminAddress, this.#config.admin, next.admin)
    const version = ++this.#tried
    const spec = this.#live.prepare(next, version)
    try {
      await this.#pool.prepare(spec)
    } catch (error) {
      this.#live.abort(this.#config)
      throw error
    }
    try {
      await this.#adminListener.listen(adminAddress)
    } catch (error) {
      await this.#pool.abort(version)
      this.#live.abort(this.#config)
      throw error
    }
    for (const error of await this.#pool.commit(spec, address)) {
      this.#log.error({ err: error }, 'a worker thread failed to take over and is replaced')
    }
    this.#live.commit(next, version)
    if (next.server.workers !== this.#config.server.workers) {
      this.#log.warn({ workers: this.#workers }, 'server.workers takes effect at the next start')
    }
    this.#config = next
    this.#table = new RouteTable(next.routes)
    this.#version = version
    this.#address = address
    this.#adminAddress = adminAddress
    this.#log.level = next.log.level
    this.#live.reclaim(this.#pool.oldest)
  }

  /** The address to listen on under the next configuration; a new one has been found free. */
  async #nextAddress(
    current: ListenAddress,
    before: { host: string; port: number },
    next: { host: string; port: number }
  ): Promise<ListenAddress> {
    const isSame = next.host === before.host && next.port === before.port
    // Port 0 may be written out as the number that it became.
    if (isSame || (next.host === current.host && next.port === current.port)) return current
    // The port is in use by ourselves: only threads that share it can listen on it twice.
    const isOwnPort = next.port === current.port
    const port = await reservePort(next.host, next.port, isOwnPort && current.reusePort)
    return { ...current, host: next.host, port }
  }

  #report(
    trigger: ReloadTrigger,
    outcome: ReloadEvent['outcome'],
    errors: readonly string[] = []
  ): ReloadEvent {
    const event: ReloadEvent = { type: 'reload', trigger, outcome, generation: this.#version, errors }
    // Editors touch files without changing them; that is no news.
    if (outcome !== 'unchanged' || trigger !== 'file') {
      this.#log[outcome === 'failed' ? 'error' : 'info'](
        { trigger, outcome, generation: this.#version, errors },
        'reload'
      )
      this.events.record(event)
    }
    return event
  }
}

async function validate(file: string): Promise<readonly ConfigIssue[]> {
  try {
    await loadConfig(file)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.issues
    throw error
  }
}
