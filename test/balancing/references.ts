import type { Server } from './servers.ts'

/** Whose turn it is among those that may have it. */
export interface Reference {
  take(offered: readonly Server[]): Server | undefined
}

/**
 * Smooth weighted turns as nginx's ngx_http_upstream_get_peer takes them, written down once more from its source:
 * among the offered, in order, the first with the largest current weight.
 */
export class ReferenceTurns implements Reference {
  readonly #current = new Map<Server, number>()
  readonly #weightOf: (server: Server) => number

  constructor(weightOf: (server: Server) => number = ({ weight }) => weight) {
    this.#weightOf = weightOf
  }

  take(offered: readonly Server[]): Server | undefined {
    for (const server of offered) this.#current.set(server, this.#of(server) + this.#weightOf(server))
    const largest = Math.max(...offered.map((server) => this.#of(server)))
    const best = offered.find((server) => this.#of(server) === largest)
    const total = offered.reduce((sum, server) => sum + this.#weightOf(server), 0)
    if (best) this.#current.set(best, this.#of(best) - total)
    return best
  }

  #of(server: Server): number {
    return this.#current.get(server) ?? 0
  }
}

/** Equal weights: the next one behind the last pick. */
export class ReferenceRound implements Reference {
  readonly #all: readonly Server[]
  #next = 0

  constructor(all: readonly Server[]) {
    this.#all = all
  }

  /** All, beginning behind the last pick. */
  get inTurn(): Server[] {
    return [...this.#all.slice(this.#next), ...this.#all.slice(0, this.#next)]
  }

  take(offered: readonly Server[]): Server | undefined {
    const taken = this.inTurn.find((server) => offered.includes(server))
    if (taken) this.#next = this.#all.indexOf(taken) + 1
    return taken
  }
}

/** Draws by weight: eight times among all, then as reservoir sampling does among those that are left. */
export class ReferenceDraw implements Reference {
  readonly #all: readonly Server[]
  readonly #random: () => number

  constructor(all: readonly Server[], random: () => number) {
    this.#all = all
    this.#random = random
  }

  take(offered: readonly Server[]): Server | undefined {
    for (let attempt = 0; attempt < 8; attempt++) {
      const drawn = this.#drawAny()
      if (offered.includes(drawn)) return drawn
    }
    let drawn: Server | undefined
    let sum = 0
    for (const server of offered) {
      sum += server.weight
      if (!drawn || this.#random() < server.weight / sum) drawn = server
    }
    return drawn
  }

  #drawAny(): Server {
    const total = this.#all.reduce((sum, { weight }) => sum + weight, 0)
    let point = this.#random() * total
    return this.#all.find(({ weight }) => (point -= weight) < 0)!
  }
}
