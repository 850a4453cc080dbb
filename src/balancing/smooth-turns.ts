/**
 * Smooth weighted turns, as nginx's round-robin takes them: each candidate that is offered gains its weight, the
 * largest takes the turn and pays what all gained. Weights 5:1:1 give a a b a c a a, never five in a row.
 *
 * One turn is `begin`, any number of `offer`s, `take`.
 *
 * @see https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
 */
export class SmoothTurns {
  readonly #weights: Float64Array
  readonly #current: Float64Array
  #total = 0
  #best = -1

  /** @param candidates - By index; their weights are read once. */
  constructor(candidates: readonly { readonly weight: number }[]) {
    this.#weights = Float64Array.from(candidates, (candidate) => candidate.weight)
    this.#current = new Float64Array(candidates.length)
  }

  begin(): void {
    this.#total = 0
    this.#best = -1
  }

  /** Lets a candidate take part in this turn. */
  offer(index: number): void {
    const weight = this.#weights[index]!
    this.#total += weight
    this.#current[index]! += weight
    if (this.#best === -1 || this.#current[index]! > this.#current[this.#best]!) this.#best = index
  }

  /** @returns The index whose turn it is, -1 when nobody was offered. */
  take(): number {
    if (this.#best !== -1) this.#current[this.#best]! -= this.#total
    return this.#best
  }
}
