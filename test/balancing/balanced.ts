import type { Algorithm } from '../../src/balancing/algorithm.ts'
import { createAlgorithm } from '../../src/balancing/algorithms.ts'
import { GroupBalancer } from '../../src/balancing/group-balancer.ts'
import type { LineupSettings } from '../../src/balancing/lineup.ts'
import type { BalancingAlgorithm } from '../../src/config/types.ts'
import type { FakeBackend } from './fake-backend.ts'
import { seeded } from './seeded.ts'

/** No panic, no slow start. */
export const PLAIN: LineupSettings = { panicThreshold: 0, slowStart: undefined }

/** A balancer whose clock and epoch a test turns. */
export interface Balanced {
  readonly balancer: GroupBalancer<FakeBackend>
  /** Milliseconds; begins at 100,000. */
  readonly clock: { now: number }
  /** Says that a status or a slow start has changed. */
  readonly renew: () => void
}

/**
 * Makes a balancer over these backends.
 *
 * @param algorithm - Its name, or one made for the test.
 */
export function balanced(
  candidates: readonly FakeBackend[],
  algorithm: BalancingAlgorithm | Algorithm<FakeBackend>,
  settings: LineupSettings = PLAIN,
  random: () => number = seeded(1)
): Balanced {
  const clock = { now: 100_000 }
  const now = (): number => clock.now
  let epoch = 1
  const options = { places: candidates.length, random, now }
  const balancer = new GroupBalancer<FakeBackend>({
    ...settings,
    candidates,
    algorithm: typeof algorithm === 'string' ? createAlgorithm(algorithm, options) : algorithm,
    epoch: () => epoch,
    random,
    now
  })
  return { balancer, clock, renew: () => void epoch++ }
}
