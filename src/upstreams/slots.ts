import type { LiveTable } from './live-table.ts'

/**
 * Gives every key of a table a slot for as long as the key is configured. A slot of a key that went away is used
 * again only when every thread has let go of all generations that knew it, and nothing is in flight on it.
 */
export class KeyedSlots {
  readonly table: LiveTable
  readonly #slots = new Map<string, number>()
  readonly #free: number[] = []
  #retired: { slot: number; version: number }[] = []
  #next = 0

  constructor(table: LiveTable) {
    this.table = table
  }

  /** Slots that no key has and that can't be used again yet. */
  get retired(): number {
    return this.#retired.length
  }

  get(key: string): number | undefined {
    return this.#slots.get(key)
  }

  /**
   * Gives a slot to those of these keys that have none yet.
   *
   * @returns The keys that are new.
   */
  reserve(keys: Iterable<string>): string[] {
    const added = [...new Set(keys)].filter((key) => !this.#slots.has(key))
    for (const key of added) this.#slots.set(key, this.#free.pop() ?? this.#next++)
    this.table.grow(this.#next)
    return added
  }

  /**
   * Takes the slots from all other keys.
   *
   * @param version - The first generation that does without them: older ones may still use them.
   */
  retain(keys: Iterable<string>, version: number): void {
    const kept = new Set(keys)
    for (const [key, slot] of this.#slots) {
      if (kept.has(key)) continue
      this.#slots.delete(key)
      this.#retired.push({ slot, version })
    }
  }

  /** Frees what is idle and unknown to every generation from `oldestInUse` on. */
  reclaim(oldestInUse: number): void {
    this.#retired = this.#retired.filter(({ slot, version }) => {
      if (version > oldestInUse || !this.table.isIdle(slot)) return true
      this.table.clearSlot(slot)
      this.#free.push(slot)
      return false
    })
  }

  /** All keys with their slots, as plain data for the other threads. */
  entries(): [key: string, slot: number][] {
    return [...this.#slots]
  }
}
