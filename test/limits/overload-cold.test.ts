import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ConcurrencyConfig } from '../../src/config/types.ts'
import { seeded } from '../balancing/seeded.ts'
import { goodput, type Offered, p99, type Service, simulate } from './overload-simulation.ts'

const ADAPTIVE: ConcurrencyConfig = { mode: 'adaptive', min: 20, max: 1000 }

/** A fifth critical, three fifths normal, a fifth sheddable. */
function offered(perSecond: number): Offered {
  return () => [0.2 * perSecond, 0.6 * perSecond, 0.2 * perSecond]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** When goodput and latency are looked at, in seconds. */
const SPANS = [
  [5, 35],
  [35, 65],
  [65, 95]
] as const

suite('a gateway that starts in the middle of an overload, with service times that vary', () => {
  for (const [servers, time, seed] of [
    [16, 20, 1],
    [64, 40, 1],
    [64, 40, 3]
  ] as const) {
    test(`finds within five seconds what ${servers} servers of ${time} ms can do (${seed})`, () => {
      const random = seeded(100 * seed + servers)
      const { service, capacity, peak } = varying(servers, time, random)
      const calm = simulate(service, offered(0.3 * capacity), ADAPTIVE, 40, random)
      const usual = p99(calm, 0, 1000, 40_000)
      const run = simulate(service, offered(3 * capacity), ADAPTIVE, 96, random)
      for (const [from, to] of SPANS) {
        const share = goodput(run, 1000 * from, 1000 * to) / peak
        assert.ok(share >= 0.9, `goodput from ${from} s: ${share} of the peak`)
        const critical = p99(run, 0, 1000 * from, 1000 * to)
        assert.ok(critical <= 2 * usual, `p99 of critical ones from ${from} s: ${critical}, usually ${usual}`)
      }
    })
  }

  test('keeps its limit where it is for ten minutes', () => {
    const random = seeded(7)
    const { service, capacity } = varying(16, 20, random)
    const { limits } = simulate(service, offered(3 * capacity), ADAPTIVE, 601, random)
    const [early, late] = [mean(limits.slice(60, 180)), mean(limits.slice(480, 600))]
    assert.ok(late <= 1.25 * early, `it drifted from ${early} to ${late}`)
    assert.ok(Math.max(...limits) <= 6 * 16, `it was ${Math.max(...limits)}`)
  })
})

/** A service most of whose answers are quicker than the mean while a few take many times as long, and what it can do. */
function varying(
  servers: number,
  time: number,
  random: () => number
): { service: Service; capacity: number; peak: number } {
  const service = { servers, serviceTime: () => -Math.log(1 - random()) * time }
  const capacity = (servers * 1000) / time
  // With so many under way its servers are never idle; steps of time cost it a little of its capacity.
  const flooded = { ...ADAPTIVE, mode: 'static', max: 8 * servers } as const
  const run = simulate(service, offered(2 * capacity), flooded, 30, random)
  return { service, capacity, peak: goodput(run, 5000, 30_000) }
}
