import type { CandidateFilter } from '../../src/balancing/balancer.ts'

/** A candidate whose numbers a test sets. */
export interface Server {
  readonly name: string
  readonly weight: number
  inFlight: number
}

/** Makes idle servers named a, b, c … with these weights. */
export function servers(...weights: number[]): Server[] {
  return weights.map((weight, index) => ({ name: String.fromCodePoint(97 + index), weight, inFlight: 0 }))
}

/** Accepts everybody. */
export const ANYBODY: CandidateFilter<Server> = { accepts: () => true }

/** Accepts nobody. */
export const NOBODY: CandidateFilter<Server> = { accepts: () => false }

/** Accepts all but those with these names. */
export function allBut(...names: string[]): CandidateFilter<Server> {
  return { accepts: ({ name }) => !names.includes(name) }
}

/**
 * Smooth weighted turns as nginx's ngx_http_upstream_get_peer takes them, written down once more from its source:
 * among the offered, in order, the first with the largest current weight.
 */
export class ReferenceTurns {
  readonly #current = new Map<Server, number>()

  take(offered: readonly Server[]): Server | undefined {
    for (const server of offered) this.#current.set(server, this.#of(server) + server.weight)
    const largest = Math.max(...offered.map((server) => this.#of(server)))
    const best = offered.find((server) => this.#of(server) === largest)
    const total = offered.reduce((sum, { weight }) => sum + weight, 0)
    if (best) this.#current.set(best, this.#of(best) - total)
    return best
  }

  #of(server: Server): number {
    return this.#current.get(server) ?? 0
  }
}

/** How often each name occurs. */
export function tally(names: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name ?? 'nobody'] = (counts[name ?? 'nobody'] ?? 0) + 1
  return counts
}
