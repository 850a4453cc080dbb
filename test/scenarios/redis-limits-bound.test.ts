import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { largestLease } from '../../src/limits/leases.ts'
import { GATEWAYS, startLimitLab, WORKERS } from '../helpers/limit-load.ts'
import { worstSpan } from '../helpers/worst-window.ts'

const LIMIT = 200
const BURST = 60
const DURATION = 10_000

suite('two gateways of two workers on one Redis', () => {
  test('let no more through than the documented bound, over any window', async (t) => {
    const lab = await startLimitLab(t, { limit: LIMIT, burst: BURST })
    const { outcomes, admissions } = await lab.load(DURATION, 3 * LIMIT)
    const others = outcomes.filter(({ status }) => status !== 200 && status !== 429)
    assert.deepEqual(others, [])
    const bound = BURST + GATEWAYS * WORKERS * largestLease(BURST)
    const worst = worstSpan(admissions, LIMIT / 1000, lab.excused())
    assert.ok(worst <= bound, `${worst} of ${bound}`)
    const possible = BURST + (LIMIT * DURATION) / 1000
    // A machine that stands still for a while sends less than it should.
    assert.ok(admissions.length >= 0.6 * possible, `${admissions.length} of ${possible}`)
    assert.ok((await lab.redis.decisions()) > 0)
  })
})
