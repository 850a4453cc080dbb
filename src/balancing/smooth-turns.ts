/**
 * Smooth weighted turns, as nginx's round-robin takes them: each candidate that is offered gains its weight, the
 * largest takes the turn and pays what all gained. Weights 5:1:1 give a a b a c a a, never five in a row.
 *
 * One turn is `begin`, any number of `offer`s, `take`.
 *
 * @see https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
 */
export class SmoothTurns {
  readonly #current: Float64Array
  #total = 0
  #best = -1
  #bestIndex = -1

  /** @param places - Candidates have places below it. */
  constructor(places: number) {
    this.#current = new Float64Array(places)
  }

  begin(): void {
    this.#total = 0
    this.#best = -1
    this.#bestIndex = -1
  }

  /**
   * Lets a candidate take part in this turn.
   *
   * @param index - What {@link take} returns when the turn is its.
   */
  offer(place: number, weight: number, index: number): void {
    this.#total += weight
    const current = (this.#current[place]! += weight)
    if (this.#best !== -1 && current <= this.#current[this.#best]!) return
    this.#best = place
    this.#bestIndex = index
  }

  /** @returns The index of the one whose turn it is, -1 when nobody was offered. */
  take(): number {
    if (this.#best !== -1) this.#current[this.#best]! -= this.#total
    return this.#bestIndex
  }
}
