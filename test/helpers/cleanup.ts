/** Who undoes things when all is over: a test (`TestContext`), or {@link Cleanups} where there is none. */
export interface Cleanup {
  after(undo: () => unknown): void
}

/** What is to be undone when a program has done its work. */
export class Cleanups implements Cleanup {
  readonly #undos: (() => unknown)[] = []

  after(undo: () => unknown): void {
    this.#undos.push(undo)
  }

  /** Undoes all, the last first; one that fails holds up none of the others. @throws The first error. */
  async run(): Promise<void> {
    const errors: unknown[] = []
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      try {
        await undo()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
