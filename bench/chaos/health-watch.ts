import { setTimeout as delay } from 'node:timers/promises'
import type { GroupView } from '../../src/admin/upstreams.ts'
import type { ChaosBackend } from './chaos-backend.ts'

/** How often the gateway is asked, in milliseconds. */
const INTERVAL = 100

/** A time in which a backend was not wholly well, in milliseconds since the epoch. */
interface Spell {
  readonly from: number
  to: number
}

/** What is known of one backend. */
interface Watched {
  readonly backend: ChaosBackend
  readonly spells: Spell[]
  /** Faults that go on. */
  faults: number
  /** Until when the last fault has effects, by the clock of {@link Spell}. */
  aftermath: number
}

/**
 * Knows when which backend was touched: from the beginning of a fault until it is over, its aftermath too, and the gateway has
 * found the backend well again. One that the gateway finds ill without any fault counts as touched, too, and is told of.
 */
export class HealthWatch {
  readonly #adminUrl: string
  readonly #watched: readonly Watched[]
  readonly #over = new AbortController()
  readonly #loop: Promise<void>
  /** Backends that the gateway found ill although nothing was done to them, with why. */
  readonly unprovoked: string[] = []
  #looks = 0
  /** The longest that it took from the end of a fault and its aftermath until the backend was well, in milliseconds. */
  slowestRecovery = 0

  constructor(adminUrl: string, backends: readonly ChaosBackend[]) {
    this.#adminUrl = adminUrl
    this.#watched = backends.map((backend) => ({ backend, spells: [], faults: 0, aftermath: 0 }))
    this.#loop = this.#run()
  }

  /** A fault begins. */
  begin(backend: ChaosBackend): void {
    const watched = this.#of(backend)
    watched.faults++
    open(watched, Date.now())
  }

  /** A fault is over. @param aftermath - How long it goes on to have effects, in milliseconds. */
  end(backend: ChaosBackend, aftermath = 0): void {
    const watched = this.#of(backend)
    watched.faults--
    watched.aftermath = Math.max(watched.aftermath, Date.now() + aftermath)
  }

  /** Whether a fault goes on. */
  isFaulty(backend: ChaosBackend): boolean {
    return this.#of(backend).faults > 0
  }

  /** Whether all have been seen well once. From here on, one that is not has a reason. */
  get isSettled(): boolean {
    const isSettled = this.#looks > 0 && this.isAllWell
    if (isSettled) this.unprovoked.length = 0
    return isSettled
  }

  /** Whether all are well, and nothing has effects any more. */
  get isAllWell(): boolean {
    return this.#watched.every(({ spells }) => spells.at(-1)?.to !== Infinity)
  }

  /** Those that are not, for a message. */
  get touched(): string {
    return this.#watched
      .filter(({ spells }) => spells.at(-1)?.to === Infinity)
      .map(({ backend, faults }) => `${backend.group} ${backend.id} (faults: ${faults})`)
      .join(', ')
  }

  /** The backends of a group to which nothing was done at any time between two. */
  untouched(group: string, from: number, to: number): readonly ChaosBackend[] {
    return this.#watched
      .filter(({ backend, spells }) => {
        const isTouched = spells.some((spell) => spell.from <= to && spell.to >= from)
        return backend.group === group && !isTouched
      })
      .map(({ backend }) => backend)
  }

  async stop(): Promise<void> {
    this.#over.abort()
    await this.#loop
  }

  #of(backend: ChaosBackend): Watched {
    return this.#watched.find((watched) => watched.backend === backend)!
  }

  async #run(): Promise<void> {
    let before = Date.now()
    while (!this.#over.signal.aborted) {
      const asked = Date.now()
      const groups = await this.#ask()
      if (groups) {
        for (const watched of this.#watched) this.#look(watched, groups, before, asked)
        this.#looks++
      }
      before = asked
      await delay(INTERVAL)
    }
  }

  async #ask(): Promise<readonly GroupView[] | undefined> {
    try {
      const response = await fetch(`${this.#adminUrl}/api/upstreams`, { signal: AbortSignal.timeout(5_000) })
      return (await response.json()) as GroupView[]
    } catch {
      // The judge finds out whether it still lives.
      return undefined
    }
  }

  /** @param before - When the look before this was. @param asked - When this was; its answer is newer. */
  #look(watched: Watched, groups: readonly GroupView[], before: number, asked: number): void {
    const { backend, spells, faults, aftermath } = watched
    const view = groups
      .find(({ name }) => name === backend.group)
      ?.backends.find(({ id }) => id === backend.id)
    const isWell = view?.health === 'healthy' && view.leaving === null
    const last = spells.at(-1)
    if (!isWell && last?.to !== Infinity) {
      open(watched, before)
      this.unprovoked.push(`${backend.group} ${backend.id}: ${view?.reason ?? 'gone'}`)
    } else if (isWell && last?.to === Infinity && faults === 0 && asked > aftermath) {
      last.to = Date.now()
      // One that fell ill without a fault has nothing to recover from.
      if (aftermath > last.from) this.slowestRecovery = Math.max(this.slowestRecovery, last.to - aftermath)
    }
  }
}

function open({ spells }: Watched, from: number): void {
  if (spells.at(-1)?.to !== Infinity) spells.push({ from, to: Infinity })
}
