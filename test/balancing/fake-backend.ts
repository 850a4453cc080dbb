import { type Candidate, STATUS } from '../../src/balancing/candidate.ts'
import { hashText } from '../../src/balancing/hash-text.ts'
import {
  decayedPeak,
  isWorthLearning,
  loweredBySuccess,
  raisedByFailure
} from '../../src/balancing/peak-ewma.ts'
import { stamp } from '../../src/shared-clock.ts'

/** What a test says of a fake backend; the rest is 1, 0 or no cap. */
export interface FakeFacts {
  readonly weight?: number
  readonly tier?: number
  readonly maxInFlight?: number
}

/** The live numbers of a fake backend: those that a reload keeps and all threads see. */
interface FakeLive {
  status: number
  inFlight: number
  latency: number
  latencyAt: number
  failuresInRow: number
  slowStartAt: number
}

/** A candidate in plain memory. Its numbers are live as those of a backend are, and a reload may view them anew. */
export class FakeBackend implements Candidate {
  readonly place: number
  readonly name: string
  readonly seed: number
  readonly utilization = 0
  readonly utilizationAt = 0
  weight: number
  tier: number
  maxInFlight: number
  /** Whether the next ones who reach for a place find that another thread was faster. */
  isRaced = false
  readonly #live: FakeLive

  constructor(place: number, facts: FakeFacts = {}, live?: FakeLive) {
    this.place = place
    this.name = place < 26 ? String.fromCodePoint(97 + place) : String(place)
    this.seed = hashText(this.name)
    this.weight = facts.weight ?? 1
    this.tier = facts.tier ?? 0
    this.maxInFlight = facts.maxInFlight ?? 0
    this.#live = live ?? {
      status: 0,
      inFlight: 0,
      latency: 0,
      latencyAt: 0,
      failuresInRow: 0,
      slowStartAt: 0
    }
  }

  get status(): number {
    return this.#live.status
  }

  get inFlight(): number {
    return this.#live.inFlight
  }

  get latency(): number {
    return this.#live.latency
  }

  get latencyAt(): number {
    return this.#live.latencyAt
  }

  get slowStartAt(): number {
    return this.#live.slowStartAt
  }

  get isFull(): boolean {
    return this.maxInFlight > 0 && this.inFlight >= this.maxInFlight
  }

  acquire(): boolean {
    if (this.isRaced || this.isFull) return false
    this.#live.inFlight++
    return true
  }

  /** Counts an attempt out. @throws When none is in flight. */
  end(): void {
    if (this.#live.inFlight === 0) throw new Error(`${this.name} has none in flight to count out`)
    this.#live.inFlight--
  }

  /** It answered: as a backend's average of latencies learns. Both in milliseconds. */
  learnSuccess(timeToFirstByte: number, now: number): void {
    const elapsed = (stamp(now) - this.latencyAt) | 0
    const sample = timeToFirstByte * 1000
    if (isWorthLearning(this.latency, sample, elapsed))
      this.#setLatency(decayedPeak(this.latency, sample, elapsed), now)
    if (this.#live.failuresInRow > 0) this.#setLatency(loweredBySuccess(this.latency), now)
    this.#live.failuresInRow = 0
  }

  /** An attempt failed. @param now - In milliseconds. */
  learnFailure(now: number): void {
    this.#setLatency(raisedByFailure(this.latency), now)
    this.#live.failuresInRow++
  }

  set(bit: keyof typeof STATUS, on: boolean): void {
    if (on) this.#live.status |= STATUS[bit]
    else this.#live.status &= ~STATUS[bit]
  }

  /** @param at - A stamp; 0 = it is in none. */
  setSlowStart(at: number): void {
    this.#live.slowStartAt = at
  }

  #setLatency(latency: number, now: number): void {
    this.#live.latency = latency
    this.#live.latencyAt = stamp(now)
  }

  /** The same backend as a generation with other facts sees it. */
  reloaded(facts: FakeFacts): FakeBackend {
    return new FakeBackend(this.place, facts, this.#live)
  }
}

/** Makes idle backends named a, b, c …. */
export function fakes(...facts: readonly FakeFacts[]): FakeBackend[] {
  return facts.map((each, place) => new FakeBackend(place, each))
}

/** So many alike. */
export function alike(count: number, facts: FakeFacts = {}): FakeBackend[] {
  return Array.from({ length: count }, (_, place) => new FakeBackend(place, facts))
}
