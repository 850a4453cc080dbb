import type { Candidate } from './candidate.ts'

/**
 * Index of the first candidate whose place is at least this one; 0 when there is none, so that turns begin anew.
 *
 * @param candidates - In the order of their places.
 */
export function firstFrom(candidates: readonly Candidate[], place: number): number {
  // Nobody is missing before it: the usual case.
  if (candidates[place]?.place === place) return place
  let low = 0
  // Places are whole numbers from 0, so nobody stands further back than its place.
  let high = Math.min(candidates.length, place)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (candidates[middle]!.place < place) low = middle + 1
    else high = middle
  }
  return low === candidates.length ? 0 : low
}
