import type { FastifyBaseLogger } from 'fastify'
import { buildGeneration } from '../app.ts'
import { Connections } from '../forwarding/connections.ts'
import { ROUTE_LAYOUT, RouteStats } from '../telemetry/route-stats.ts'
import { BACKEND_LAYOUT } from '../upstreams/backend.ts'
import { buildGroups } from '../upstreams/group.ts'
import { type LiveLayout, LiveTable } from '../upstreams/live-table.ts'
import { Generation } from './generation.ts'
import { PublicListener } from './listener.ts'
import type { DataPlaneControl, GenerationSpec, ListenAddress, LiveShare, StopReport } from './messages.ts'

/** What a data plane thread is made from. */
export interface DataPlaneOptions {
  /** Its row in every table of live state. */
  readonly row: number
  readonly log: FastifyBaseLogger
  /** Told when the oldest generation with requests changes. */
  readonly onOldest: (version: number) => void
}

/** One thread that serves public traffic: a listener, the generation behind it, and those that still end. */
export class DataPlane implements DataPlaneControl {
  readonly #options: DataPlaneOptions
  readonly #connections = new Connections()
  readonly #listener = new PublicListener()
  readonly #ending = new Set<Generation>()
  #backends: LiveTable | undefined
  #routes: LiveTable | undefined
  #prepared: Generation | undefined
  #preparedLevel = 'info'
  #current: Generation | undefined

  constructor(options: DataPlaneOptions) {
    this.#options = options
  }

  async prepare(spec: GenerationSpec): Promise<void> {
    const { row, log } = this.#options
    this.#backends = attach(this.#backends, BACKEND_LAYOUT, spec.backends)
    this.#routes = attach(this.#routes, ROUTE_LAYOUT, spec.routes)
    const slots = new Map(spec.backends.slots)
    const groups = buildGroups(spec.config.upstreams, (key) => slots.get(key), this.#backends, row)
    const stats = new RouteStats(this.#routes, new Map(spec.routes.slots), row)
    const { config } = spec
    const app = await buildGeneration({ config, groups, connections: this.#connections, stats, log })
    this.#prepared = new Generation(spec.version, app)
    this.#preparedLevel = config.log.level
  }

  async commit(version: number): Promise<void> {
    const next = this.#prepared
    if (next?.version !== version) throw new Error(`generation ${version} was not prepared`)
    const old = this.#current
    this.#prepared = undefined
    this.#current = next
    this.#options.log.level = this.#preparedLevel
    this.#listener.serve(next)
    if (old) this.#retire(old)
    else this.#options.onOldest(version)
  }

  async abort(version: number): Promise<void> {
    const prepared = this.#prepared
    if (prepared?.version !== version) return
    this.#prepared = undefined
    await prepared.close(true)
  }

  async listen(address: ListenAddress): Promise<void> {
    await this.#listener.listen(address)
  }

  async drain(): Promise<void> {
    this.#listener.drain()
  }

  async stop(timeout: number): Promise<StopReport> {
    const cut = await this.#listener.stop(timeout)
    const all = [...this.#ending, this.#prepared, this.#current].filter(
      (generation) => generation !== undefined
    )
    await Promise.all(all.map((generation) => generation.close(true)))
    await this.#connections.destroy()
    return { cut }
  }

  #retire(old: Generation): void {
    this.#ending.add(old)
    void old
      .close()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'an old generation failed to close'))
      .finally(() => {
        this.#ending.delete(old)
        const alive = [...this.#ending, this.#current!].map((generation) => generation.version)
        this.#options.onOldest(Math.min(...alive))
      })
  }
}

function attach(table: LiveTable | undefined, layout: LiveLayout, share: LiveShare): LiveTable {
  if (!table) return new LiveTable(layout, share.rows, share.buffers)
  table.attach(share.buffers)
  return table
}
