import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentile } from '../../bench/support/statistics.ts'
import { latenciesOf } from './tail.ts'

const RUN = { seconds: 40, seed: 1 }

for (const [title, options, bound] of [
  ['two of ten that are slow', RUN, 0.5],
  ['two of ten that are slow, others every three seconds', { ...RUN, moveEvery: 3000 }, 0.6]
] as const) {
  test(`${title}: least-latency has by far the shortest tail`, () => {
    const [latency, connections, two] = (['least-latency', 'least-connections', 'random-two'] as const).map(
      (algorithm) => latenciesOf({ algorithm, ...options })
    )
    const p99 = [latency!, connections!, two!].map((each) => Math.round(percentile(each, 0.99)))
    assert.ok(p99[0]! <= bound * p99[1]! && p99[1]! < p99[2]!, p99.join())
    const p50 = [latency!, connections!].map((each) => Math.round(percentile(each, 0.5)))
    assert.ok(p50[0]! <= 1.15 * p50[1]!, p50.join())
  })
}
