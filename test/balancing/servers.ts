import type { Algorithm, AlgorithmOptions, Exclusion, Pool } from '../../src/balancing/algorithm.ts'
import type { Candidate } from '../../src/balancing/candidate.ts'
import { hashText } from '../../src/balancing/hash-text.ts'
import { seeded } from './seeded.ts'

/** A candidate whose numbers a test sets. */
export interface Server extends Candidate {
  readonly name: string
  inFlight: number
  latency: number
  latencyAt: number
  utilization: number
  utilizationAt: number
}

/** Makes idle servers named a, b, c … with these weights. */
export function servers(...weights: readonly number[]): Server[] {
  return weights.map((weight, place) => {
    const name = place < 26 ? String.fromCodePoint(97 + place) : `s${place}`
    return {
      name,
      place,
      seed: hashText(`http://${name}:3000`),
      weight,
      tier: 0,
      status: 0,
      inFlight: 0,
      isFull: false,
      latency: 0,
      latencyAt: 0,
      utilization: 0,
      utilizationAt: 0,
      slowStartAt: 0,
      acquire: () => true
    }
  })
}

/** So many idle servers of weight 1. */
export function alikeServers(count: number): Server[] {
  return servers(...Array.from({ length: count }, () => 1))
}

/** A pool of these. @param weights - Instead of their own, as a slow start has them. */
export function poolOf(
  candidates: readonly Server[],
  weights: readonly number[] = candidates.map(({ weight }) => weight)
): Pool<Server> {
  return {
    candidates,
    weights: Float64Array.from(weights),
    isEven: weights.every((weight) => weight === weights[0])
  }
}

/** What an algorithm for up to so many candidates is made with; the clock stands still. */
export function optionsFor(places: number, random: () => number = seeded(1)): AlgorithmOptions {
  return { places, random, now: () => 100_000 }
}

/** Leaves nobody out. */
export const ANYBODY: Exclusion<Server> = { excludes: () => false }

/** Leaves everybody out. */
export const NOBODY: Exclusion<Server> = { excludes: () => true }

/** Leaves out those with these names. */
export function allBut(...names: readonly string[]): Exclusion<Server> {
  return { excludes: ({ name }) => names.includes(name) }
}

/** Leaves out all but these. */
export function only(accepted: readonly Server[]): Exclusion<Server> {
  return { excludes: (server) => !accepted.includes(server) }
}

/** Names of so many picks in a row. */
export function picksOf(
  algorithm: Algorithm<Server>,
  pool: Pool<Server>,
  count: number,
  exclusion: Exclusion<Server> = ANYBODY
): (string | undefined)[] {
  return Array.from({ length: count }, () => algorithm.pick(pool, exclusion, undefined)?.name)
}

/** How often each name occurs. */
export function tally(names: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name ?? 'nobody'] = (counts[name ?? 'nobody'] ?? 0) + 1
  return counts
}
