/** What came of requests, as far as their backends are concerned. */
export interface Outcomes {
  readonly succeeded: number
  readonly failed: number
}

/** A backend with its outcomes so far: two numbers that only grow. */
export interface Metered {
  readonly id: string
  readonly outcomes: Outcomes
}

/** Tells what came of a group's requests since it was last asked, whatever backends come and go. */
export class OutcomeMeter {
  readonly #seen = new Map<string, Outcomes>()

  /** Takes the backends as they are now: what new ones did before counts for nothing, those that are gone are forgotten. */
  follow(backends: readonly Metered[]): void {
    const gone = new Set(this.#seen.keys())
    for (const { id, outcomes } of backends) {
      gone.delete(id)
      if (!this.#seen.has(id)) this.#seen.set(id, outcomes)
    }
    for (const id of gone) this.#seen.delete(id)
  }

  /** What came of a backend's requests since it was last asked, or since it is followed. */
  take({ id, outcomes }: Metered): Outcomes {
    const { succeeded, failed } = this.#seen.get(id) ?? outcomes
    this.#seen.set(id, outcomes)
    return { succeeded: outcomes.succeeded - succeeded, failed: outcomes.failed - failed }
  }
}
