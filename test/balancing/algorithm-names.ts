import type { BalancingAlgorithm } from '../../src/config/types.ts'

/** Every algorithm that a configuration may name; the record leaves none out. */
const NAMES: Record<BalancingAlgorithm, true> = {
  'round-robin': true,
  'least-connections': true,
  'least-latency': true,
  random: true,
  'random-two': true,
  hash: true,
  'ip-hash': true
}

export const algorithmNames = Object.keys(NAMES) as BalancingAlgorithm[]
