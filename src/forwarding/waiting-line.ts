import type { QueueConfig } from '../config/types.ts'
import type { GroupLive } from '../upstreams/group-live.ts'

/** A request that waits for a place. */
export interface Waiter {
  /**
   * It may look for a place. One that waits no longer leaves the line before it does anything else.
   *
   * @returns false when there is none for anybody; one that is choosy may find none where others do.
   */
  tryTurn(): boolean
  /** It has waited too long: it waits no longer. */
  giveUpTurn(): void
}

/**
 * How long the line goes without a look, in milliseconds: some places become free without a word, such as those of a
 * thread that died, of a backend that became well, or of one whose cap another generation has raised.
 */
const LOOK_AGAIN = 20

/**
 * The requests of one thread that wait for a place in a full group, first come first served; over all threads the order
 * is best effort. It listens to the group's shared word only while somebody waits.
 */
export class WaitingLine {
  readonly #live: GroupLive
  readonly #settings: QueueConfig
  /** Until when each waits, by `performance.now()`, in the order of their coming. */
  readonly #places = new Map<Waiter, number>()
  #isWatching = false

  constructor(live: GroupLive, settings: QueueConfig) {
    this.#live = live
    this.#settings = settings
  }

  /** Requests that wait here. */
  get length(): number {
    return this.#places.size
  }

  /** Whether somebody waits, in whichever thread: a newcomer that takes a place would overtake. */
  get isAwaited(): boolean {
    return this.#live.waiting > 0
  }

  /**
   * Joins at the end. It may be its turn before this returns.
   *
   * @returns false when as many wait as may, over all threads.
   */
  join(waiter: Waiter): boolean {
    const { max, timeout } = this.#settings
    // A place that is free already is for those who came before.
    const isFirst = this.#places.size === 0 || this.#serve()
    const mayLook = isFirst && this.#live.waiting === this.#places.size
    this.#live.addWaiting(1)
    if (this.#live.waiting > max) {
      this.#live.addWaiting(-1)
      return false
    }
    this.#places.set(waiter, performance.now() + timeout)
    if (!this.#isWatching) void this.#watch(mayLook)
    else if (mayLook) this.#serve()
    return true
  }

  /** It is not interested any more. */
  leave(waiter: Waiter): void {
    if (this.#places.delete(waiter)) this.#live.addWaiting(-1)
  }

  /** Its generation has ended: all who wait are told that they waited too long. */
  close(): void {
    for (const waiter of this.#places.keys()) this.#dismiss(waiter)
  }

  /** @param mayLook - Whether at once: otherwise those who wait in other threads look first. */
  async #watch(mayLook: boolean): Promise<void> {
    this.#isWatching = true
    let isDue = mayLook
    for (;;) {
      const seen = this.#live.freed
      if (isDue) this.#serve()
      isDue = true
      const [until] = this.#places.values()
      if (until === undefined) break
      const wait = Math.min(LOOK_AGAIN, until - performance.now())
      await this.#live.whenFreed(seen, Math.max(1, wait))
    }
    this.#isWatching = false
    // What it leaves over is for those who wait in other threads.
    this.#live.announceFree()
  }

  /** @returns false when there is no place for anybody. */
  #serve(): boolean {
    const now = performance.now()
    for (const [waiter, until] of this.#places) {
      if (until <= now) this.#dismiss(waiter)
      else if (!waiter.tryTurn()) return false
    }
    return true
  }

  #dismiss(waiter: Waiter): void {
    this.leave(waiter)
    waiter.giveUpTurn()
  }
}
