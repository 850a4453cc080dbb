import type { GroupNumbers, Lines, LiveMessage, TotalNumbers } from './wire.ts'

const LINES = ['requests', 'failures', 'p50', 'p99', 'inFlight'] as const satisfies (keyof Lines)[]

type GrowingLines = Record<(typeof LINES)[number], (number | null)[]>

/** Seconds that a point of a line is for: somewhat less than those between two looks, which are never quite even. */
export const LATELY = 0.9

/** The lines of all groups over the last moments, so that who begins to look sees what was. */
export class History {
  readonly #size: number
  readonly #at: number[] = []
  readonly #total = emptyLines(0)
  readonly #groups = new Map<string, GrowingLines>()

  /** @param size - Moments that are kept. */
  constructor(size: number) {
    this.#size = size
  }

  /**
   * Adds a moment, unless it is too soon after the last one. Groups that are not in it are gone.
   *
   * @param at - Milliseconds since the epoch.
   */
  add(at: number, total: TotalNumbers, groups: ReadonlyMap<string, GroupNumbers>): void {
    if (at - (this.#at.at(-1) ?? 0) < LATELY * 1000) return
    for (const name of this.#groups.keys()) if (!groups.has(name)) this.#groups.delete(name)
    for (const [name, numbers] of groups) {
      const lines = this.#groups.get(name) ?? emptyLines(this.#at.length)
      this.#groups.set(name, lines)
      push(lines, numbers)
    }
    push(this.#total, total)
    this.#at.push(at)
    if (this.#at.length <= this.#size) return
    this.#at.shift()
    for (const lines of [this.#total, ...this.#groups.values()]) for (const line of LINES) lines[line].shift()
  }

  /** As it is sent. */
  view(): NonNullable<LiveMessage['history']> {
    return { at: this.#at, total: this.#total, groups: Object.fromEntries(this.#groups) }
  }
}

function push(lines: GrowingLines, numbers: TotalNumbers): void {
  for (const line of LINES) lines[line].push(numbers[line])
}

/** The lines of what was not there before. */
function emptyLines(length: number): GrowingLines {
  const gap = (): null[] => Array<null>(length).fill(null)
  return { requests: gap(), failures: gap(), p50: gap(), p99: gap(), inFlight: gap() }
}
