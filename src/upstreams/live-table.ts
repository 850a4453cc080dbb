/**
 * What one slot of a table holds. `shared` words are one per slot, written by the control plane (or by
 * compare-and-swap); `gauges` and `counters` stand in one row per thread that only this thread writes.
 */
export interface LiveLayout {
  /** Slots of one page; a table grows by whole pages. */
  readonly pageSlots: number
  /** 32-bit words per slot, one for all threads. */
  readonly shared: number
  /** 32-bit words per slot and row that go up and down: in flight. */
  readonly gauges: number
  /** 64-bit floats per slot and row that only grow (exact up to 2^53). */
  readonly counters: number
}

/** The views of one page, shared by all threads. */
export interface LivePage {
  readonly buffer: SharedArrayBuffer
  readonly shared: Int32Array
  readonly gauges: Int32Array
  readonly counters: Float64Array
}

/**
 * Numbers that all threads see: a table of slots in fixed-size pages of shared memory. Every thread writes its
 * own row and readers sum the rows, so no write is ever contended and a crash is undone by zeroing one row.
 */
export class LiveTable {
  readonly layout: LiveLayout
  /** Threads that may write: one row each. */
  readonly rows: number
  readonly pages: LivePage[] = []

  /**
   * @param rows - Number of threads that write, at least 1; fixed for the life of the table.
   * @param buffers - Pages of a table made by another thread.
   */
  constructor(layout: LiveLayout, rows: number, buffers: readonly SharedArrayBuffer[] = []) {
    this.layout = layout
    this.rows = rows
    this.attach(buffers)
  }

  get capacity(): number {
    return this.pages.length * this.layout.pageSlots
  }

  get buffers(): SharedArrayBuffer[] {
    return this.pages.map((page) => page.buffer)
  }

  /** Adds pages until there are at least `slots` slots. Only the owner of the table grows it. */
  grow(slots: number): void {
    while (this.capacity < slots) this.#add(new SharedArrayBuffer(this.#pageBytes()))
  }

  /** Takes over the pages that the owner has added since; the known ones come first in `buffers`. */
  attach(buffers: readonly SharedArrayBuffer[]): void {
    for (const buffer of buffers.slice(this.pages.length)) this.#add(buffer)
  }

  /** The page that holds `slot`. @throws RangeError beyond the capacity. */
  page(slot: number): LivePage {
    const page = this.pages[Math.floor(slot / this.layout.pageSlots)]
    if (!page) throw new RangeError(`slot ${slot} is beyond the table's ${this.capacity} slots`)
    return page
  }

  /** Index in `shared` of a slot's first word. */
  sharedIndex(slot: number): number {
    return (slot % this.layout.pageSlots) * this.layout.shared
  }

  /** Index in `gauges` of a slot's first gauge in `row`; the next row's is `gaugeStride` further. */
  gaugeIndex(slot: number, row: number): number {
    return row * this.gaugeStride + (slot % this.layout.pageSlots) * this.layout.gauges
  }

  /** Index in `counters` of a slot's first counter in `row`; the next row's is `counterStride` further. */
  counterIndex(slot: number, row: number): number {
    return row * this.counterStride + (slot % this.layout.pageSlots) * this.layout.counters
  }

  get gaugeStride(): number {
    return this.layout.pageSlots * this.layout.gauges
  }

  get counterStride(): number {
    return this.layout.pageSlots * this.layout.counters
  }

  /** Sum of a gauge over all rows. */
  gauge(slot: number, offset = 0): number {
    const { gauges } = this.page(slot)
    let sum = 0
    for (let row = 0; row < this.rows; row++) {
      sum += Atomics.load(gauges, this.gaugeIndex(slot, row) + offset)
    }
    return sum
  }

  /** Sum of a counter over all rows. */
  counter(slot: number, offset = 0): number {
    const { counters } = this.page(slot)
    let sum = 0
    for (let row = 0; row < this.rows; row++) sum += counters[this.counterIndex(slot, row) + offset] ?? 0
    return sum
  }

  /** Sums of counters that stand side by side, over all rows. */
  counters(slot: number, offset: number, length: number): Float64Array {
    const { counters } = this.page(slot)
    const sums = new Float64Array(length)
    for (let row = 0; row < this.rows; row++) {
      const first = this.counterIndex(slot, row) + offset
      for (let place = 0; place < length; place++) sums[place]! += counters[first + place]!
    }
    return sums
  }

  /** Whether no thread holds the slot: every gauge of every row is 0. */
  isIdle(slot: number): boolean {
    for (let offset = 0; offset < this.layout.gauges; offset++) {
      if (this.gauge(slot, offset) !== 0) return false
    }
    return true
  }

  /** Zeroes a slot in every row before it is used anew. */
  clearSlot(slot: number): void {
    const page = this.page(slot)
    const { shared, gauges, counters } = this.layout
    page.shared.fill(0, this.sharedIndex(slot), this.sharedIndex(slot) + shared)
    for (let row = 0; row < this.rows; row++) {
      page.gauges.fill(0, this.gaugeIndex(slot, row), this.gaugeIndex(slot, row) + gauges)
      page.counters.fill(0, this.counterIndex(slot, row), this.counterIndex(slot, row) + counters)
    }
  }

  /** Zeroes the gauges of a dead thread's row: what it had in flight died with it. Its counters stay. */
  clearGauges(row: number): void {
    for (const page of this.pages) {
      page.gauges.fill(0, row * this.gaugeStride, (row + 1) * this.gaugeStride)
    }
  }

  #pageBytes(): number {
    const { pageSlots, shared } = this.layout
    return 8 * this.rows * this.counterStride + 4 * pageSlots * shared + 4 * this.rows * this.gaugeStride
  }

  #add(buffer: SharedArrayBuffer): void {
    const { pageSlots, shared } = this.layout
    const counters = new Float64Array(buffer, 0, this.rows * this.counterStride)
    const words = new Int32Array(buffer, counters.byteLength, pageSlots * shared)
    const gauges = new Int32Array(buffer, counters.byteLength + words.byteLength)
    this.pages.push({ buffer, shared: words, gauges, counters })
  }
}
