import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { seeded } from '../balancing/seeded.ts'
import { p99, simulate } from './overload-simulation.ts'

suite('a service whose answers take longer than a probe of two windows', () => {
  for (const [servers, time] of [
    [4, 400],
    [8, 1000]
  ] as const) {
    test(`is not asked for ever more at once: ${servers} servers of ${time} ms under five times their capacity`, () => {
      const capacity = (servers * 1000) / time
      const course = simulate(
        { servers, serviceTime: () => time },
        () => [0.5 * capacity, 3 * capacity, 1.5 * capacity],
        { mode: 'adaptive', min: 1, max: 1000 },
        240,
        seeded(3)
      )
      const [early, late] = [course.limits[60]!, course.limits[239]!]
      assert.ok(late <= 1.1 * early, `the limit went from ${early} to ${late}`)
      const critical = p99(course, 0, 120_000, 230_000)
      assert.ok(critical <= 5 * time, `p99 of critical ones: ${critical}`)
    })
  }
})
