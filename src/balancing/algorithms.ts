import type { BalancingAlgorithm } from '../config/types.ts'
import type { Balancer, Candidate } from './balancer.ts'
import { LeastConnections } from './least-connections.ts'
import { RoundRobin } from './round-robin.ts'

const ALGORITHMS: Record<
  BalancingAlgorithm,
  new <C extends Candidate>(candidates: readonly C[]) => Balancer<C>
> = {
  'round-robin': RoundRobin,
  'least-connections': LeastConnections
}

/** Makes the balancer of that name for an immutable list of candidates. */
export function createBalancer<C extends Candidate>(
  algorithm: BalancingAlgorithm,
  candidates: readonly C[]
): Balancer<C> {
  return new ALGORITHMS[algorithm](candidates)
}
