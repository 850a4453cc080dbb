import type { Entry, RegistrationStore } from '../store/registrations.ts'
import { backendKey } from '../upstreams/backend.ts'
import type { Drained } from '../upstreams/registry-events.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'

/** After this long, in milliseconds, another gateway sees to a removal that its own did not end. */
const OVERDUE = 5 * 60_000

/** How long to wait before a removal that could not be written is tried again, in milliseconds. */
const PAUSE = 1000

/** What {@link Departures} needs. */
export interface DeparturesOptions {
  readonly store: RegistrationStore
  readonly registry: UpstreamRegistry
  /** Id of this gateway. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Whether no other gateway uses the store, so that all removals are this one's. */
  readonly isAlone: boolean
}

/** Takes backends that are on their way out of the store once nothing is in flight at them any more. */
export class Departures {
  readonly #options: DeparturesOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #onDrained = ({ group, url }: Drained): void => this.#see(backendKey(group, url))
  #isStopped = false

  constructor(options: DeparturesOptions) {
    this.#options = options
    options.registry.on('drained', this.#onDrained)
  }

  /** Sees to entries of groups that are not there: nothing is in flight at those. */
  sweep(): void {
    const { store, registry } = this.#options
    for (const [key, { group, removal }] of store.snapshot.entries) {
      if (removal && !registry.groups.has(group)) this.#see(key)
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#options.registry.off('drained', this.#onDrained)
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #see(key: string): void {
    const { store, id, isAlone, now } = this.#options
    const entry = store.snapshot.entries.get(key)
    if (!entry?.removal) return
    const wait = isAlone || entry.removal.by === id ? 0 : entry.removal.since + OVERDUE - now()
    if (wait <= 0) void this.#remove(key, entry)
    else this.#later(key, wait)
  }

  async #remove(key: string, entry: Entry): Promise<void> {
    const { group, url, version } = entry
    try {
      await this.#options.store.write({ kind: 'remove', group, url, expected: version })
    } catch {
      // It was changed meanwhile, or the store is away: what is there then decides.
      this.#later(key, PAUSE)
    }
  }

  #later(key: string, wait: number): void {
    if (this.#isStopped) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#see(key)
    }, wait).unref()
    this.#timers.add(timer)
  }
}
