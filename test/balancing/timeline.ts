interface Event {
  readonly at: number
  readonly happen: () => void
}

/** Virtual time: what is to happen, in its order; a binary heap. */
export class Timeline {
  /** Milliseconds; begins at 100,000. */
  now = 100_000
  readonly #heap: Event[] = []

  /** Something is to happen in so many milliseconds. */
  after(delay: number, happen: () => void): void {
    const heap = this.#heap
    const event = { at: this.now + delay, happen }
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >>> 1
      if (heap[parent]!.at <= event.at) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = event
  }

  /** Lets everything happen that is due by then; Infinity = until nothing is left. */
  runUntil(time: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= time) {
      const { at, happen } = this.#take()
      this.now = at
      happen()
    }
    if (time !== Infinity) this.now = time
  }

  #take(): Event {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++
      if (heap[child]!.at >= last.at) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
    return first
  }
}
