import type { StoreSnapshot } from '../../store/registrations.ts'
import type { EventLog, GatewayEvent } from '../../telemetry/events.ts'
import type { RouteStats } from '../../telemetry/route-stats.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import { GroupSample } from './group-sample.ts'
import { History } from './history.ts'
import { RouteSamples } from './route-sample.ts'
import type { GatewayFacts, GroupNumbers, LastReload, TotalNumbers } from './wire.ts'

/** What a {@link LiveSampler} looks at. */
export interface LiveSource {
  readonly registry: UpstreamRegistry
  readonly entries: () => StoreSnapshot['entries']
  /** Names of the routes, that of the requests that none takes among them. */
  readonly routes: () => { readonly names: readonly string[]; readonly stats: RouteStats }
  readonly gateway: () => GatewayFacts
  readonly events: EventLog
  readonly reload: () => LastReload | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds of the clock that all threads share. */
  readonly sharedNow: () => number
}

/** Seconds over which rates and quantiles are. */
export const WINDOW = 10

/** Moments of the lines: three minutes. */
const MOMENTS = 180

/** Events that a new reader is told of. */
const RECENT = 100

/**
 * Looks at everything whenever it is asked to, and says what has changed since, as the text of a message. Each text is made
 * once, however many read it.
 */
export class LiveSampler {
  readonly #source: LiveSource
  readonly #groups = new Map<string, GroupSample>()
  readonly #routes = new RouteSamples(WINDOW)
  readonly #history = new History(MOMENTS)
  #at = 0
  #lastEvent = 0
  #total: TotalNumbers = { requests: null, failures: null, p50: null, p99: null, inFlight: 0 }
  #gateway = ''
  #reload = ''

  constructor(source: LiveSource) {
    this.#source = source
  }

  /** Looks. @returns What has changed since the look before. */
  sample(): string {
    const { registry, entries, routes, gateway, events, reload, now, sharedNow } = this.#source
    this.#at = now()
    const shared = sharedNow()
    const known = entries()
    const numbersOf = new Map<string, GroupNumbers>()
    const deltas: string[] = []
    for (const group of registry.groups.values()) {
      const sample = this.#groups.get(group.name) ?? new GroupSample(group.name, WINDOW)
      this.#groups.set(group.name, sample)
      const { numbers, delta } = sample.take(group, { registry, entries: known, now: shared })
      numbersOf.set(group.name, numbers)
      if (delta !== '') deltas.push(delta)
    }
    const gone = [...this.#groups.keys()].filter((name) => !registry.groups.has(name))
    for (const name of gone) this.#groups.delete(name)
    const { names, stats } = routes()
    const rows = this.#routes.take(names, stats, shared / 1000)
    const inFlight = [...numbersOf.values()].reduce((sum, numbers) => sum + numbers.inFlight, 0)
    this.#total = { ...this.#routes.total(), inFlight }
    this.#history.add(this.#at, this.#total, numbersOf)
    const news = events.after(this.#lastEvent)
    this.#lastEvent = news.at(-1)?.id ?? this.#lastEvent
    const before = { gateway: this.#gateway, reload: this.#reload }
    this.#gateway = JSON.stringify(gateway())
    this.#reload = JSON.stringify(reload()) ?? ''
    return messageOf({
      at: String(this.#at),
      ...(this.#gateway !== before.gateway && { gateway: this.#gateway }),
      total: JSON.stringify(this.#total),
      groups: `[${deltas.join(',')}]`,
      ...(gone.length > 0 && { gone: JSON.stringify(gone) }),
      routes: rows,
      ...(this.#reload !== before.reload && { reload: this.#reload }),
      events: JSON.stringify(news)
    })
  }

  /** Everything as of the last look. */
  full(): string {
    return messageOf({
      at: String(this.#at),
      reset: 'true',
      window: String(WINDOW),
      gateway: this.#gateway,
      total: JSON.stringify(this.#total),
      groups: `[${[...this.#groups.values()].map((sample) => sample.full()).join(',')}]`,
      routes: this.#routes.full(),
      history: JSON.stringify(this.#history.view()),
      ...(this.#reload !== '' && { reload: this.#reload }),
      events: JSON.stringify(this.#recent())
    })
  }

  #recent(): GatewayEvent[] {
    // What is newer comes with the next look.
    return this.#source.events
      .after(0)
      .filter(({ id }) => id <= this.#lastEvent)
      .slice(-RECENT)
  }
}

/** @param members - JSON texts. */
function messageOf(members: Readonly<Record<string, string>>): string {
  return `{${Object.entries(members)
    .map(([key, text]) => `"${key}":${text}`)
    .join(',')}}`
}
