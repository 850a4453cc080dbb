import assert from 'node:assert/strict'
import type { GatewayConfig } from '../src/config/types.ts'
import { LiveState } from '../src/live-state.ts'
import { ROUTE_LAYOUT, RouteStats } from '../src/telemetry/route-stats.ts'
import type { GenerationSpec, LiveShare } from '../src/threads/messages.ts'
import { BACKEND_COUNTER, BACKEND_LAYOUT, type Backend } from '../src/upstreams/backend.ts'
import { GROUP_LAYOUT, type GroupLive } from '../src/upstreams/group-live.ts'
import { buildGroups } from '../src/upstreams/group.ts'
import { type LiveLayout, LiveTable } from '../src/upstreams/live-table.ts'
import type { KeyedSlots } from '../src/upstreams/slots.ts'
import { between, oneOf } from './balancing/seeded.ts'
import { DEFAULT_LIMITS, defaultStore } from './helpers/config-defaults.ts'
import { route } from './routing/routes.ts'
import { group } from './upstreams/groups.ts'

/** A configuration of these groups, with a route to each. */
export function configOf(
  upstreams: GatewayConfig['upstreams'],
  routes: readonly string[] = upstreams.map(({ name }) => name)
): GatewayConfig {
  return {
    file: '/etc/gateway.yaml',
    server: {
      host: '127.0.0.1',
      port: 0,
      workers: 2,
      trustProxy: [],
      proxyProtocol: false,
      stallTimeout: 30_000,
      limits: DEFAULT_LIMITS,
      shutdown: { delay: 0, timeout: 1000 }
    },
    docs: { enabled: true, path: '/docs' },
    admin: { host: '127.0.0.1', port: 0, tokens: [] },
    log: { level: 'silent', format: 'auto', access: false },
    store: defaultStore('/etc'),
    rateLimit: [],
    upstreams,
    routes: routes.map((name) => route(`/${name}`, { name, upstream: upstreams[0]?.name ?? 'none' }))
  }
}

interface Held {
  readonly row: number
  readonly version: number
  readonly backend: Backend
  /** Of its group, in whose line it stands. */
  readonly live: GroupLive
  readonly groupSlot: number
  readonly stats: RouteStats
  readonly routeSlot: number
  /** A joined socket of an upgrade: it keeps its slot, but not its generation. */
  readonly joined: boolean
  readonly endsAfter: number
}

/** Slots that a generation knows, by key, of all tables. */
type Known = readonly ReadonlyMap<string, number>[]

/**
 * Random generations over a live state with three threads, and beside it what must be true, kept in plain lists.
 * Every step asserts it.
 */
export class GenerationsModel {
  readonly live = new LiveState(ROWS)
  readonly #random: () => number
  readonly #alive = new Map<number, Known>()
  readonly #tables: LiveTable[][] = Array.from({ length: ROWS }, () => [])
  #held: Held[] = []
  #serving = configOf([])
  #current = 0
  #tried = 0
  #peaks = [0, 0, 0]

  constructor(random: () => number) {
    this.#random = random
  }

  get held(): number {
    return this.#held.length
  }

  /** Pages of all tables. */
  get pages(): number[] {
    return this.#slots().map(({ table }) => table.pages.length)
  }

  /** Tries a configuration, which sometimes fails, and lets requests begin, end and die with their thread. */
  step(config: GatewayConfig = this.#randomConfig()): void {
    const version = ++this.#tried
    const before = this.#slots().map((slots) => new Map(slots.entries()))
    const spec = this.live.prepare(config, version)
    this.#assertFresh(before, spec)
    this.#peaks = this.#slots().map((slots, index) =>
      Math.max(this.#peaks[index]!, slots.entries().length + slots.retired)
    )
    if (this.#random() < 0.2 && this.#current > 0) this.live.abort(this.#serving)
    else this.#commit(spec)
    if (this.#random() < 0.1) this.#killThread(between(this.#random, 0, ROWS - 1))
    this.#endOld()
    this.live.reclaim(Math.min(...this.#alive.keys()))
    this.#assertTrue()
  }

  /** Ends everything. */
  settle(): void {
    for (const held of this.#held) end(held)
    this.#held = []
    this.step(configOf([group('last', ['last'])]))
    while (this.#serving.upstreams[0]?.name !== 'last') this.step(configOf([group('last', ['last'])]))
    for (const held of this.#held.splice(0)) end(held)
    this.#endOld()
    this.live.reclaim(Math.min(...this.#alive.keys()))
  }

  #commit(spec: GenerationSpec): void {
    const { config, version } = spec
    this.live.commit(config, version)
    this.#serving = config
    this.#current = version
    // The shares also list what only the generation before needs.
    this.#alive.set(
      version,
      this.#slots().map((slots) => new Map(slots.entries()))
    )
    for (let row = 0; row < ROWS; row++) this.#beginSome(spec, row)
  }

  #beginSome(spec: GenerationSpec, row: number): void {
    const { config, version } = spec
    const backends = attach(this.#tables[row]!, 0, BACKEND_LAYOUT, spec.backends)
    const routes = attach(this.#tables[row]!, 1, ROUTE_LAYOUT, spec.routes)
    const slots = new Map(spec.backends.slots)
    const groupTable = attach(this.#tables[row]!, 2, GROUP_LAYOUT, spec.groups)
    const groupSlots = new Map(spec.groups.slots)
    const groups = buildGroups(config.upstreams, {
      backends,
      backendSlot: (key) => slots.get(key),
      groups: groupTable,
      groupSlot: (name) => groupSlots.get(name),
      row
    })
    const stats = new RouteStats(routes, new Map(spec.routes.slots), row)
    const all = [...groups.values()].flatMap(({ name, live, backends: each }) =>
      each.map((backend) => ({ backend, live, groupSlot: groupSlots.get(name)! }))
    )
    for (let count = between(this.#random, 0, 12); count > 0 && all.length > 0; count--) {
      const { backend, live, groupSlot } = oneOf(this.#random, all)
      const routeSlot = stats.slotOf(oneOf(this.#random, [...config.routes, undefined])?.name)
      backend.acquire()
      backend.begin()
      live.addWaiting(1)
      stats.begin(routeSlot)
      const endsAfter = version + between(this.#random, 0, this.#random() < 0.1 ? 12 : 4)
      const joined = this.#random() < 0.2
      this.#held.push({ row, version, backend, live, groupSlot, stats, routeSlot, joined, endsAfter })
    }
  }

  #endOld(): void {
    const ended = this.#held.filter(({ endsAfter }) => endsAfter <= this.#tried)
    for (const held of ended) end(held)
    this.#held = this.#held.filter((held) => !ended.includes(held))
    for (const version of this.#alive.keys()) {
      const inUse = this.#held.some((held) => held.version === version && !held.joined)
      if (version !== this.#current && !inUse) this.#alive.delete(version)
    }
  }

  #killThread(row: number): void {
    this.#held = this.#held.filter((held) => held.row !== row)
    this.#tables[row] = []
    this.live.clearRow(row)
  }

  /** What is newly given out belongs to nobody else, holds nothing and has counted nothing. */
  #assertFresh(before: readonly ReadonlyMap<string, number>[], spec: GenerationSpec): void {
    for (const [index, { table }] of this.#slots().entries()) {
      const given = [spec.backends, spec.routes, spec.groups][index]!.slots
      assert.equal(new Set(given.map(([, slot]) => slot)).size, given.length, 'a slot has two keys')
      for (const [key, slot] of given) {
        if (before[index]!.has(key)) {
          assert.equal(slot, before[index]!.get(key), `${key} moved`)
          continue
        }
        for (const known of this.#alive.values()) {
          assert.ok(![...known[index]!.values()].includes(slot), `${key} took a slot that is in use`)
        }
        assert.ok(table.isIdle(slot), `${key} took a slot with something in flight`)
        for (let place = 0; place < table.layout.counters; place++)
          assert.equal(table.counter(slot, place), 0)
      }
    }
  }

  /** The gauges are those of the requests that are held, and the tables have no page too many. */
  #assertTrue(): void {
    const expected = this.#slots().map(() => new Map<number, number>())
    for (const { backend, routeSlot, groupSlot } of this.#held) {
      for (const [index, slot] of [backend.slot, routeSlot, groupSlot].entries()) {
        expected[index]!.set(slot, (expected[index]!.get(slot) ?? 0) + 1)
      }
    }
    for (const [index, { table }] of this.#slots().entries()) {
      for (let slot = 0; slot < table.capacity; slot++) {
        assert.equal(table.gauge(slot), expected[index]!.get(slot) ?? 0)
      }
      assert.equal(table.pages.length, Math.ceil(this.#peaks[index]! / table.layout.pageSlots))
    }
  }

  #randomConfig(): GatewayConfig {
    const groups = Array.from({ length: between(this.#random, 1, 8) }, () => between(this.#random, 1, 15))
    const upstreams = [...new Set(groups)].map((name) => {
      const hosts = Array.from({ length: between(this.#random, 1, 60) }, () => between(this.#random, 1, 90))
      return group(
        `g${name}`,
        [...new Set(hosts)].map((host) => `h${host}`)
      )
    })
    const routes = Array.from({ length: between(this.#random, 0, 80) }, () => between(this.#random, 1, 150))
    return configOf(
      upstreams,
      [...new Set(routes)].map((name) => `r${name}`)
    )
  }

  #slots(): KeyedSlots[] {
    return [this.live.registry.slots, this.live.routes, this.live.registry.groupSlots]
  }
}

const ROWS = 3

function end({ backend, live, stats, routeSlot }: Held): void {
  backend.end('succeeded')
  live.addWaiting(-1)
  stats.end(routeSlot, 'GET', 200, 0.1)
}

/** As a data plane thread does it. */
function attach(tables: LiveTable[], index: number, layout: LiveLayout, share: LiveShare): LiveTable {
  const known = tables[index]
  if (!known) return (tables[index] = new LiveTable(layout, share.rows, share.buffers))
  known.attach(share.buffers)
  return known
}

/** Attempts that a backend has counted, over all threads. */
export function attemptsOf(live: LiveState, backend: Backend): number {
  return live.registry.table.counter(backend.slot, BACKEND_COUNTER.attempts)
}
