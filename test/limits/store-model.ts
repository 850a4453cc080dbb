import type { Grant, LimitCall, LimitStore } from '../../src/limits/limit-store.ts'
import type { Pace } from '../../src/limits/gcra.ts'

/** Something that happens at a moment to come. */
interface Planned {
  readonly at: number
  readonly act: () => void
}

/** Virtual time, in milliseconds, and what is planned in it. */
export class VirtualTime {
  now = 1_000_000
  /** The last comes first. */
  readonly #planned: Planned[] = []

  plan(after: number, act: () => void): void {
    const at = this.now + after
    let [low, high] = [0, this.#planned.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#planned[middle]!.at > at) low = middle + 1
      else high = middle
    }
    this.#planned.splice(low, 0, { at, act })
  }

  /** Lets so much time pass, with all that is planned in it. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds
    for (let next = this.#planned.at(-1); next && next.at <= end; next = this.#planned.at(-1)) {
      this.#planned.pop()
      this.now = Math.max(this.now, next.at)
      next.act()
      await settled()
    }
    this.now = end
  }
}

/** Lets promises that are settled do what they do. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await Promise.resolve()
}

/** What all gateways share, in memory and virtual time: its clock is another one than theirs. */
export class StoreModel {
  readonly tats = new Map<string, number>()
  readonly #time: VirtualTime
  readonly #offset = 123_456.789
  /** Milliseconds of the way there. */
  delay: () => number = () => 0.5
  /** Calls so far. */
  calls = 0
  /** The last call. */
  last: LimitCall | undefined
  isAway = false
  /** Takes calls although it is away. */
  isTrying = false
  /** Takes calls, never answers. */
  isSilent = false

  constructor(time: VirtualTime) {
    this.#time = time
  }

  /** A thread's view of it. */
  connect(): LimitStore {
    const isAway = (): boolean => this.isAway
    return {
      get isAway() {
        return isAway()
      },
      take: (call) => this.#take(call),
      refund: (key, cost, pace) => {
        if (!this.isAway) this.#time.plan(this.delay(), () => this.#refund(key, cost, pace))
      }
    }
  }

  #take(call: LimitCall): Promise<Grant | undefined> | undefined {
    if (this.isAway && !this.isTrying) return undefined
    this.calls++
    this.last = call
    return new Promise((resolve) => {
      if (this.isSilent) {
        this.#time.plan(50, () => resolve(undefined))
        return
      }
      this.#time.plan(this.delay(), () => {
        const grant = this.#decide(call)
        this.#time.plan(this.delay(), () => resolve(grant))
      })
    })
  }

  #decide({ key, pace, cost, wish, floor }: LimitCall): Grant {
    const now = pace.at(this.#time.now + this.#offset)
    const debt = Math.max(pace.debt(this.tats.get(key) ?? 0, now), Math.min(floor, pace.depth))
    const granted = pace.wait(debt, cost) > 0 ? 0 : Math.min(cost + wish, pace.room(debt))
    const after = debt + granted * pace.interval
    this.tats.set(key, now + after)
    return { granted, debt: after }
  }

  #refund(key: string, cost: number, pace: Pace): void {
    const tat = this.tats.get(key)
    if (tat !== undefined) this.tats.set(key, tat - cost * pace.interval)
  }
}
