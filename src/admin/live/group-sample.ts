import { quantile } from '../../telemetry/histogram.ts'
import type { Entry, StoreSnapshot } from '../../store/registrations.ts'
import { BACKEND_COUNTER, type Backend, backendKey } from '../../upstreams/backend.ts'
import type { UpstreamGroup } from '../../upstreams/group.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import { ttlOf, viewGroupWith } from '../upstream-view.ts'
import { CounterWindow } from './counter-window.ts'
import { LATELY } from './history.ts'
import { rounded } from './rounded.ts'
import type { BackendFacts, BackendRow, GroupDelta, GroupNumbers } from './wire.ts'

/** Where the counters of a backend stand among those that are looked at. */
const PLACE = { attempts: 0, failures: 1, buckets: 2 } as const

/** Where a group is looked up. */
export interface GroupSource {
  readonly registry: UpstreamRegistry
  /** What was decided at run time. */
  readonly entries: StoreSnapshot['entries']
  /** Milliseconds of the shared clock. */
  readonly now: number
}

/** A backend as it was when it was last looked at. */
interface BackendSample {
  readonly backend: Backend
  readonly share: number
  readonly counts: readonly number[]
  readonly window: CounterWindow
  /** Answers of the window by how long they took. */
  readonly answers: number[]
}

/** A group as it was when it was last looked at, as text: what is another text has changed. */
export class GroupSample {
  readonly name: string
  readonly #window: number
  /** By URL. */
  #windows = new Map<string, CounterWindow>()
  #facts = ''
  #numbers = ''
  #rows: readonly string[] = []

  /** @param window - Seconds that rates and quantiles go back. */
  constructor(name: string, window: number) {
    this.name = name
    this.#window = window
  }

  /** Looks at the group. @returns Its numbers, and as JSON what of it has changed; empty when nothing has. */
  take(group: UpstreamGroup, source: GroupSource): { numbers: GroupNumbers; delta: string } {
    const { registry, entries, now } = source
    const windows = new Map<string, CounterWindow>()
    const view = viewGroupWith(group, now, (backend, share): BackendSample => {
      const window = this.#windows.get(backend.url) ?? new CounterWindow(this.#window)
      const counts = countsOf(registry, backend)
      window.look(now / 1000, counts)
      windows.set(backend.url, window)
      return { backend, share, counts, window, answers: window.growth(PLACE.buckets, counts.length) }
    })
    this.#windows = windows
    const { name: _name, backends: samples, ...rest } = view
    const numbers = { ...rest, ...sumOf(samples) }
    const facts = JSON.stringify(
      samples.map(({ backend }) => factsOf(backend, entries.get(backendKey(group.name, backend.url))))
    )
    const rows = samples.map((sample, place) =>
      JSON.stringify(rowOf(place, sample, registry, entries.get(backendKey(group.name, sample.backend.url))))
    )
    return { numbers, delta: this.#replace(JSON.stringify(numbers), facts, rows) }
  }

  /** All of it as of the last look, as JSON. */
  full(): string {
    return this.#textOf({ numbers: this.#numbers, backends: this.#facts, rows: `[${this.#rows.join(',')}]` })
  }

  #replace(numbers: string, facts: string, rows: readonly string[]): string {
    const isOther = facts !== this.#facts
    const changed = isOther ? rows : rows.filter((row, place) => row !== this.#rows[place])
    const parts = {
      ...(numbers !== this.#numbers && { numbers }),
      ...(isOther && { backends: facts }),
      ...(changed.length > 0 && { rows: `[${changed.join(',')}]` })
    }
    this.#facts = facts
    this.#rows = rows
    this.#numbers = numbers
    return this.#textOf(parts)
  }

  #textOf(parts: Partial<Record<keyof GroupDelta, string>>): string {
    const members = Object.entries(parts).map(([key, text]) => `"${key}":${text}`)
    return members.length === 0 ? '' : `{"name":${JSON.stringify(this.name)},${members.join(',')}}`
  }
}

function countsOf({ table }: UpstreamRegistry, backend: Backend): number[] {
  const { slot } = backend
  const { buckets } = backend.timesToFirstByte()
  return [
    table.counter(slot, BACKEND_COUNTER.attempts),
    table.counter(slot, BACKEND_COUNTER.failures),
    ...buckets
  ]
}

function sumOf(
  samples: readonly BackendSample[]
): Pick<GroupNumbers, 'inFlight' | 'requests' | 'failures' | 'p50' | 'p99'> {
  const answers: number[] = []
  let [inFlight, requests, failures] = [0, null as number | null, null as number | null]
  for (const { backend, window, answers: own } of samples) {
    inFlight += backend.inFlight
    requests = sum(requests, window.rate(PLACE.attempts, LATELY))
    failures = sum(failures, window.rate(PLACE.failures, LATELY))
    for (let place = 0; place < own.length; place++) answers[place] = (answers[place] ?? 0) + own[place]!
  }
  return { inFlight, requests: rounded(requests), failures: rounded(failures), ...quantilesOf(answers) }
}

function quantilesOf(buckets: number[]): { readonly p50: number | null; readonly p99: number | null } {
  // Most are idle, when there are many.
  if (buckets.every((count) => count === 0)) return { p50: null, p99: null }
  const reading = { buckets, sum: 0 }
  return { p50: rounded(quantile(reading, 0.5)), p99: rounded(quantile(reading, 0.99)) }
}

function factsOf(backend: Backend, entry: Entry | undefined): BackendFacts {
  const { id, url, weight, tier, maxInFlight, source } = backend
  return {
    id,
    url,
    weight,
    tier,
    maxInFlight,
    source,
    version: entry?.version ?? 0,
    ttl: ttlOf(backend, entry)
  }
}

function rowOf(
  place: number,
  { backend, share, counts, window, answers }: BackendSample,
  registry: UpstreamRegistry,
  entry: Entry | undefined
): BackendRow {
  const { health, reason, since } = registry.observed(backend)
  const { p50, p99 } = quantilesOf(answers)
  const { latency, utilization } = backend
  return [
    place,
    health,
    reason,
    since,
    registry.administrative(backend),
    entry?.removal?.reason ?? null,
    registry.ejection(backend)?.until ?? null,
    backend.inFlight,
    rounded(share),
    rounded(window.rate(PLACE.attempts)),
    rounded(window.rate(PLACE.failures)),
    p50,
    p99,
    counts[PLACE.attempts]!,
    counts[PLACE.failures]!,
    backend.failuresInRow,
    latency === 0 ? null : rounded(latency / 1e6),
    utilization === 0 ? null : rounded(utilization)
  ]
}

/** The sum of what is known. */
function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : a + b
}
