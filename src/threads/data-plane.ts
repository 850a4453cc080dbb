import type { FastifyBaseLogger } from 'fastify'
import type { JwksSnapshot } from '../access/jwks-source.ts'
import { PostedJwks } from '../access/posted-jwks.ts'
import { buildGeneration } from '../app.ts'
import type { LogLevel } from '../config/types.ts'
import { Connections } from '../forwarding/connections.ts'
import { ClientCounts } from '../limits/client-counts.ts'
import { LIMIT_STATS_LAYOUT, LimitStats } from '../limits/limit-stats.ts'
import { PostedDocuments, type PublishedDocuments } from '../openapi/published.ts'
import { RedisStores } from '../store/redis-stores.ts'
import { accessSampling } from '../telemetry/access-sampling.ts'
import { ROUTE_LAYOUT, RouteStats } from '../telemetry/route-stats.ts'
import { type TraceBatch, TraceOutbox } from '../telemetry/trace-outbox.ts'
import { BACKEND_LAYOUT } from '../upstreams/backend.ts'
import { GROUP_LAYOUT } from '../upstreams/group-live.ts'
import { buildGroups } from '../upstreams/group.ts'
import { type LiveLayout, LiveTable } from '../upstreams/live-table.ts'
import type { RawAnswer } from './client-errors.ts'
import { Generation } from './generation.ts'
import { Limiters } from './limiters.ts'
import { Listener } from './listener.ts'
import type {
  DataPlaneControl,
  GenerationSpec,
  ListenAddress,
  LiveShare,
  Redirect,
  StopReport,
  TlsMaterial
} from './messages.ts'
import { RedirectListener } from './redirect-listener.ts'
import { measureEventLoop, THREAD_LAYOUT } from './thread-stats.ts'

/** What a data plane thread is made from. */
export interface DataPlaneOptions {
  /** Its row in every table of live state. */
  readonly row: number
  readonly log: FastifyBaseLogger
  /** Told when the oldest generation with requests changes. */
  readonly onOldest: (version: number) => void
  /** Told when a backend has failed as often in a row as makes it suspect. */
  readonly onSuspect: (group: string, id: string) => void
  /** Told when keys of an issuer do not verify what came: there may be newer ones. */
  readonly onStaleKeys: (url: string) => void
  /** Told of requests that are traced, when they are over. */
  readonly onTraces: (batch: TraceBatch) => void
}

/** One thread that serves public traffic: a listener, the generation behind it, and those that still end. */
export class DataPlane implements DataPlaneControl {
  readonly #options: DataPlaneOptions
  readonly #connections = new Connections()
  readonly #listener = new Listener(
    (answer) => this.#onRawAnswer(answer),
    (report) => this.#options.log.warn(report, 'connections were turned away')
  )
  readonly #redirect = new RedirectListener((answer) => this.#onRawAnswer(answer))
  readonly #ending = new Set<Generation>()
  readonly #stores: RedisStores
  readonly #jwks: PostedJwks
  readonly #traces: TraceOutbox
  readonly #documents = new PostedDocuments()
  #listening: Promise<void> = Promise.resolve()
  #clients: ClientCounts | undefined
  #backends: LiveTable | undefined
  #groups: LiveTable | undefined
  #routes: LiveTable | undefined
  #limits: LiveTable | undefined
  #stopMeasuring: (() => void) | undefined
  #prepared: Built | undefined
  #current: Built | undefined

  constructor(options: DataPlaneOptions) {
    this.#options = options
    this.#stores = new RedisStores(options.log)
    this.#jwks = new PostedJwks({ ask: options.onStaleKeys })
    this.#traces = new TraceOutbox(options.onTraces)
  }

  async prepare(spec: GenerationSpec): Promise<void> {
    const { row, log, onSuspect } = this.#options
    if (!this.#clients) this.#listener.countIn((this.#clients = new ClientCounts(spec.clients, row)))
    this.#backends = attach(this.#backends, BACKEND_LAYOUT, spec.backends)
    this.#groups = attach(this.#groups, GROUP_LAYOUT, spec.groups)
    this.#routes = attach(this.#routes, ROUTE_LAYOUT, spec.routes)
    this.#limits = attach(this.#limits, LIMIT_STATS_LAYOUT, spec.limitStats)
    this.#stopMeasuring ??= measureEventLoop(attach(undefined, THREAD_LAYOUT, spec.threads), row)
    const backendSlots = new Map(spec.backends.slots)
    const groupSlots = new Map(spec.groups.slots)
    const groups = buildGroups(spec.config.upstreams, {
      backends: this.#backends,
      backendSlot: (key) => backendSlots.get(key),
      groups: this.#groups,
      groupSlot: (name) => groupSlots.get(name),
      row,
      onSuspect: ({ group, id }) => onSuspect(group, id)
    })
    const stats = new RouteStats(this.#routes, new Map(spec.routes.slots), row)
    const { config } = spec
    const limitStats = new LimitStats(this.#limits, new Map(spec.limitStats.slots), row)
    const limiters = new Limiters(spec, row, this.#stores, limitStats)
    const app = await buildGeneration({
      config,
      groups,
      connections: this.#connections,
      stats,
      limiters,
      jwks: this.#jwks,
      onTraced: (trace) => this.#traces.add(trace),
      documents: this.#documents,
      log
    }).catch((error: unknown) => {
      limiters.close()
      throw error
    })
    const generation = new Generation(spec.version, app)
    const { access } = config.log
    const sampleOf = access && accessSampling(access)
    this.#prepared = { generation, stats, sampleOf, charge: (address) => app.chargeAddress?.(address) }
  }

  async commit(version: number): Promise<void> {
    const next = this.#prepared
    if (next?.generation.version !== version) throw new Error(`generation ${version} was not prepared`)
    const old = this.#current
    this.#prepared = undefined
    this.#current = next
    this.#listener.serve(next.generation)
    if (old) this.#retire(old.generation)
    else this.#options.onOldest(version)
  }

  async abort(version: number): Promise<void> {
    const prepared = this.#prepared
    if (prepared?.generation.version !== version) return
    this.#prepared = undefined
    await prepared.generation.close(true)
  }

  async secure(material: TlsMaterial): Promise<void> {
    this.#listener.secure(material)
  }

  async verifyWith(keys: readonly JwksSnapshot[]): Promise<void> {
    this.#jwks.take(keys)
  }

  async setLogLevel(level: LogLevel): Promise<void> {
    this.#options.log.level = level
  }

  async takenTraces(): Promise<void> {
    this.#traces.taken()
  }

  async publish(documents: PublishedDocuments): Promise<void> {
    this.#documents.take(documents)
  }

  async listen(address: ListenAddress): Promise<void> {
    await this.#inTurn(() => this.#listener.listen(address))
  }

  async redirect(redirect: Redirect | undefined): Promise<void> {
    await this.#inTurn(() => this.#redirect.listen(redirect))
  }

  /** A thread that joins amid a reload is asked twice at once, and must not listen twice. */
  async #inTurn(listen: () => Promise<void>): Promise<void> {
    const done = this.#listening.then(listen)
    this.#listening = done.catch(() => {})
    await done
  }

  async drain(): Promise<void> {
    this.#listener.drain()
  }

  async stop(timeout: number): Promise<StopReport> {
    const [cut] = await Promise.all([this.#listener.stop(timeout), this.#redirect.stop(timeout)])
    const built = [this.#prepared, this.#current].flatMap((built) => (built ? [built.generation] : []))
    await Promise.all([...this.#ending, ...built].map((generation) => generation.close(true)))
    await this.#connections.destroy()
    this.#stopMeasuring?.()
    this.#traces.flush()
    return { cut }
  }

  /** What never became a request is counted and logged as one all the same. */
  #onRawAnswer(answer: RawAnswer): void {
    if (!this.#current) return
    const { stats, sampleOf, charge } = this.#current
    charge(answer.remoteAddress)
    const slot = stats.slotOf(undefined)
    stats.begin(slot)
    stats.end(slot, '__other__', answer.status, 0, answer.status < 400 ? undefined : answer.reason)
    const { status } = answer
    const sample = sampleOf ? sampleOf({ status, totalTime: 0 }) : undefined
    if (sample === undefined) return
    this.#options.log.info(sample === 1 ? answer : { ...answer, sample }, 'request')
  }

  #retire(old: Generation): void {
    this.#ending.add(old)
    void old
      .close()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'an old generation failed to close'))
      .finally(() => {
        this.#ending.delete(old)
        const alive = [...this.#ending, this.#current!.generation].map(({ version }) => version)
        this.#options.onOldest(Math.min(...alive))
      })
  }
}

/** What a generation is here: its app, and what its requests are counted and logged by. */
interface Built {
  readonly generation: Generation
  readonly stats: RouteStats
  /** Whether a request has a line, and what share it stands for; false = none has. */
  readonly sampleOf: ReturnType<typeof accessSampling> | false
  /** Counts what never became a request against rate limits, if there are any. */
  readonly charge: (address: string | undefined) => void
}

function attach(table: LiveTable | undefined, layout: LiveLayout, share: LiveShare): LiveTable {
  if (!table) return new LiveTable(layout, share.rows, share.buffers)
  table.attach(share.buffers)
  return table
}
