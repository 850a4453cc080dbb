import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ConcurrencyConfig } from '../../src/config/types.ts'
import { seeded } from '../balancing/seeded.ts'
import { goodput, type Offered, p99, simulate } from './overload-simulation.ts'

const ADAPTIVE: ConcurrencyConfig = { mode: 'adaptive', min: 20, max: 1000 }

/** A fifth critical, three fifths normal, a fifth sheddable: so much of what the service can do, by the second. */
function course(capacity: number, factorAt: (second: number) => number): Offered {
  return (now) => {
    const all = capacity * factorAt(now / 1000)
    return [0.2 * all, 0.6 * all, 0.2 * all]
  }
}

suite('a group with an adaptive limit, in virtual time', () => {
  for (const { servers, time } of [
    { servers: 16, time: 20 },
    { servers: 40, time: 40 }
  ]) {
    test(`bears three times of what ${servers} servers of ${time} ms can do, for ten minutes`, () => {
      const capacity = (servers * 1000) / time
      const factor = (second: number): number => (second < 20 ? 0.3 : second < 640 ? 3 : 0.5)
      const run = simulate(
        { servers, serviceTime: () => time },
        course(capacity, factor),
        ADAPTIVE,
        660,
        seeded(servers)
      )
      const usual = p99(run, 0, 1000, 20_000)
      for (const from of [30, 330, 580]) {
        const [begin, end] = [from * 1000, (from + 60) * 1000]
        const share = goodput(run, begin, end) / capacity
        assert.ok(share >= 0.9, `goodput from ${from} s: ${share}`)
        const critical = p99(run, 0, begin, end)
        assert.ok(critical <= 2 * usual, `p99 of critical ones from ${from} s: ${critical}, usually ${usual}`)
      }
      const criticalRefused = run.refused.filter(({ of }) => of === 0).length
      assert.ok(
        criticalRefused < 0.02 * 0.6 * capacity * 620,
        `${criticalRefused} critical ones were refused`
      )
      const lastRefused = run.refused.at(-1)!.at
      assert.ok(lastRefused <= 645_000, `the last one was refused at ${lastRefused}`)
      assert.ok(p99(run, 1, 645_000, 660_000) <= 2 * usual)
    })
  }

  test('sheds nobody as long as the service can do it all', () => {
    const run = simulate(
      { servers: 16, serviceTime: () => 20 },
      course(800, () => 0.7),
      ADAPTIVE,
      60,
      seeded(3)
    )
    assert.equal(run.refused.length, 0)
  })

  test('finds out that a service has become three times as slow, and serves what it still can', () => {
    const run = simulate(
      { servers: 40, serviceTime: (now) => (now < 60_000 ? 20 : 60) },
      course(2000, () => 0.6),
      ADAPTIVE,
      300,
      seeded(4)
    )
    const share = goodput(run, 240_000, 300_000) / (40 * (1000 / 60))
    assert.ok(share >= 0.85, `goodput: ${share}`)
    assert.equal(run.refused.filter(({ of, at }) => of === 0 && at > 240_000).length < 200, true)
  })

  test('gives one class all that there is when it is alone', () => {
    const run = simulate({ servers: 16, serviceTime: () => 20 }, () => [0, 0, 2400], ADAPTIVE, 60, seeded(5))
    assert.ok(goodput(run, 20_000, 60_000) >= 0.95 * 800)
  })
})
