import type { BalancingAlgorithm } from '../config/types.ts'
import type { Algorithm, AlgorithmOptions } from './algorithm.ts'
import type { Candidate } from './candidate.ts'
import { Hash } from './hash.ts'
import { LeastConnections } from './least-connections.ts'
import { LeastLatency } from './least-latency.ts'
import { Random } from './random.ts'
import { RandomTwo } from './random-two.ts'
import { RoundRobin } from './round-robin.ts'

type AlgorithmClass = new <C extends Candidate>(options: AlgorithmOptions) => Algorithm<C>

const ALGORITHMS: Record<BalancingAlgorithm, AlgorithmClass> = {
  'round-robin': RoundRobin,
  'least-connections': LeastConnections,
  'least-latency': LeastLatency,
  random: Random,
  'random-two': RandomTwo,
  hash: Hash,
  'ip-hash': Hash
}

/** Makes the algorithm of that name for one group. */
export function createAlgorithm<C extends Candidate>(
  name: BalancingAlgorithm,
  options: AlgorithmOptions
): Algorithm<C> {
  return new ALGORITHMS[name](options)
}
