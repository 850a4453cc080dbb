/** What a flood did and what came back, counted by name. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
  }

  /** Adds the statuses of all responses of HTTP/1.1 that begin in this piece of a stream. */
  addStatuses(piece: Buffer): void {
    for (const [, status] of piece.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3})/g)) this.add(status!)
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}
