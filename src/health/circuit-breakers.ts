import type { CircuitBreakerConfig } from '../config/types.ts'
import type { BreakerState } from '../upstreams/group-live.ts'
import { type BreakerChange, CircuitBreaker, type Trials } from './circuit-breaker.ts'
import { type Metered, OutcomeMeter, type Outcomes } from './outcome-meter.ts'

/** A group as circuit breaking sees it; the numbers are live. */
export interface BreakableGroup {
  readonly name: string
  readonly settings: { readonly circuitBreaker?: CircuitBreakerConfig }
  readonly backends: readonly Metered[]
  /** What the threads go by. */
  readonly live: {
    readonly breaker: BreakerState
    readonly trials: Trials
    setBreaker(state: BreakerState, opensAt?: number): void
  }
}

/** What circuit breaking needs, and whom it tells. */
export interface CircuitBreakersOptions {
  /** Milliseconds of the clock that all threads share. */
  readonly now: () => number
  /** The same as the threads read it. */
  readonly stamp: (now: number) => number
  readonly onChange: (change: BreakerChange) => void
}

interface Guarded {
  group: BreakableGroup
  readonly breaker: CircuitBreaker
  readonly meter: OutcomeMeter
}

/** The circuit breakers of all groups that have one: counts what the threads counted, and tells them. */
export class CircuitBreakers {
  readonly #options: CircuitBreakersOptions
  readonly #guarded = new Map<string, Guarded>()

  constructor(options: CircuitBreakersOptions) {
    this.#options = options
  }

  /** Whether no group has one. */
  get isIdle(): boolean {
    return this.#guarded.size === 0
  }

  /** Takes the groups as they are now. Breakers keep their state; that of a group that has none any more is closed. */
  update(groups: Iterable<BreakableGroup>): void {
    const gone = new Set(this.#guarded.keys())
    for (const group of groups) {
      const { circuitBreaker } = group.settings
      const known = this.#guarded.get(group.name)
      gone.delete(group.name)
      if (!circuitBreaker) this.#unguard(group)
      else if (known) {
        known.group = group
        known.breaker.configure(circuitBreaker)
        known.meter.follow(group.backends)
      } else this.#guard(group, circuitBreaker)
    }
    for (const name of gone) this.#guarded.delete(name)
  }

  /** Looks at what came of the requests since the last time. */
  tick(): void {
    const now = this.#options.now()
    for (const { group, breaker, meter } of this.#guarded.values()) {
      const change = breaker.advance(now, outcomesOf(group, meter), group.live.trials)
      if (!change) continue
      const opensAt = change.to === 'open' ? this.#options.stamp(breaker.opensAt) : 0
      group.live.setBreaker(change.to, opensAt)
      this.#options.onChange({ group: group.name, ...change })
    }
  }

  #guard(group: BreakableGroup, settings: CircuitBreakerConfig): void {
    const meter = new OutcomeMeter()
    meter.follow(group.backends)
    group.live.setBreaker('closed')
    this.#guarded.set(group.name, { group, breaker: new CircuitBreaker(settings), meter })
  }

  #unguard({ name, live }: BreakableGroup): void {
    this.#guarded.delete(name)
    const from = live.breaker
    if (from === 'closed') return
    live.setBreaker('closed')
    this.#options.onChange({ group: name, from, to: 'closed', reason: 'circuit_breaker_off' })
  }
}

function outcomesOf({ backends }: BreakableGroup, meter: OutcomeMeter): Outcomes {
  const sum = { succeeded: 0, failed: 0 }
  for (const backend of backends) {
    const { succeeded, failed } = meter.take(backend)
    sum.succeeded += succeeded
    sum.failed += failed
  }
  return sum
}
