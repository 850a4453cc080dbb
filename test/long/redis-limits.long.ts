import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { largestLease } from '../../src/limits/leases.ts'
import { GATEWAYS, startLimitLab, WORKERS } from '../helpers/limit-load.ts'
import { worstSpan } from '../helpers/worst-window.ts'

const LIMIT = 200
const BURST = 60
const DURATION = 60_000

test('gateways keep to the documented bound while Redis is killed, paused and started again', async (t) => {
  const lab = await startLimitLab(t, { limit: LIMIT, burst: BURST })
  const { redis } = lab
  const troubles = (async () => {
    for (let round = 0; round < 3; round++) {
      await delay(4000)
      redis.pause()
      await delay(4000)
      redis.resume()
      await delay(4000)
      await redis.kill()
      await delay(4000)
      await redis.restart()
    }
  })()
  const { outcomes, admissions } = await lab.load(DURATION, 3 * LIMIT)
  await troubles
  const others = outcomes.filter(({ status }) => status !== 200 && status !== 429)
  assert.deepEqual(others, [])
  const slowest = Math.max(...outcomes.map(({ took }) => took))
  assert.ok(slowest < 1100, `one took ${slowest} ms`)
  const changes = lab.changes()
  assert.ok(changes.length >= 6, `${changes.length} changes`)
  const bound = BURST + GATEWAYS * WORKERS * largestLease(BURST)
  const worst = worstSpan(admissions, LIMIT / 1000, lab.excused())
  assert.ok(worst <= bound, `${worst} of ${bound}`)
  const possible = BURST + (LIMIT * DURATION) / 1000
  assert.ok(admissions.length >= 0.7 * possible, `${admissions.length} of ${possible}`)
})
