import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Gradient2, type LatencyWindow } from '../../src/limits/gradient2.ts'

function window(latency: number, peak: number, more: Partial<LatencyWindow> = {}): LatencyWindow {
  return { latency, peak, hasRefused: false, now: 0, ...more }
}

suite('a gradient limit', () => {
  test('grows by a fifth of the headroom per window while the latency is the usual one', () => {
    const gradient = new Gradient2(1, 1000, 50)
    gradient.observe(window(10, 50))
    assert.equal(gradient.usual, 10)
    // .8 × 50 + .2 × (50 + 4) = 50.8, then 51.6
    assert.equal(gradient.limit, 50)
    gradient.observe(window(10, 51))
    assert.equal(gradient.limit, 51)
  })

  test('grows although the latency is up to half as high again', () => {
    const gradient = new Gradient2(1, 1000, 50)
    gradient.observe(window(10, 50))
    for (let count = 0; count < 4; count++) gradient.observe(window(15, 54))
    assert.equal(gradient.limit, 54)
  })

  test('falls by what the latency is too high', () => {
    const gradient = new Gradient2(1, 1000, 100)
    gradient.observe(window(10, 100))
    // 100.8, then .8 × 100.8 + .2 × (100.8 × 15 ÷ 20 + 4) = 96.56
    gradient.observe(window(20, 100))
    assert.equal(gradient.limit, 96)
  })

  test('falls by a tenth per window at most', () => {
    const gradient = new Gradient2(1, 1000, 100)
    gradient.observe(window(10, 100))
    // .8 × 100.8 + .2 × (50.4 + 4) = 91.52
    gradient.observe(window(100_000, 100))
    assert.equal(gradient.limit, 91)
  })

  test('stays as it is while less than half of it is in use', () => {
    const gradient = new Gradient2(1, 1000, 100)
    gradient.observe(window(10, 49))
    gradient.observe(window(500, 49))
    assert.equal(gradient.limit, 100)
  })

  test('stays within its bounds, also when these change', () => {
    const gradient = new Gradient2(20, 60, 500)
    assert.equal(gradient.limit, 60)
    gradient.observe(window(10, 60))
    let least = 60
    for (let count = 0; count < 20; count++) {
      gradient.observe(window(1000, 60, { hasRefused: true }))
      least = Math.min(least, gradient.limit)
    }
    assert.equal(least, 20)
    gradient.configure(30, 60)
    assert.ok(gradient.limit >= 30)
    gradient.configure(1, 10)
    assert.equal(gradient.limit, 10)
  })
})

suite('the usual latency', () => {
  test('learns quickly what is lower', () => {
    const gradient = new Gradient2(1, 1000, 100)
    gradient.observe(window(100, 10))
    gradient.observe(window(50, 10))
    assert.equal(gradient.usual, 90)
  })

  test('learns slowly what is higher while there is room', () => {
    const gradient = new Gradient2(1, 1000, 100)
    gradient.observe(window(100, 10))
    gradient.observe(window(200, 89))
    assert.equal(gradient.usual, 101)
  })

  test('learns nothing higher while somebody is refused, or nearly', () => {
    const gradient = new Gradient2(1, 1000, 100)
    gradient.observe(window(100, 10))
    gradient.observe(window(140, 10, { hasRefused: true }))
    gradient.observe(window(140, 95))
    assert.equal(gradient.usual, 100)
  })

  test('is learnt anew at the least limit: the service has become slower', () => {
    const gradient = new Gradient2(20, 1000, 20)
    gradient.observe(window(10, 20))
    for (let count = 0; count < 10; count++) gradient.observe(window(30, 20, { hasRefused: true }))
    assert.ok(gradient.usual! > 15, `${gradient.usual}`)
  })

  test('is measured at half the limit when that has been in use to its end for half a minute', () => {
    const gradient = new Gradient2(20, 1000, 100)
    const busy = (now: number) => window(100, 100, { hasRefused: true, now })
    gradient.observe(busy(0))
    gradient.observe(busy(29_999))
    const before = gradient.limit
    assert.ok(before >= 100)
    gradient.observe(busy(30_000))
    assert.ok(gradient.limit <= before / 2 + 1, 'a probe')
    gradient.observe(window(90, 60, { hasRefused: true, now: 30_100 }))
    gradient.observe(window(40, 50, { hasRefused: true, now: 30_200 }))
    assert.equal(gradient.usual, 40)
    assert.ok(gradient.limit >= before, 'and back')
  })

  test('is not measured from answers to what had come before the probe', () => {
    const gradient = new Gradient2(20, 1000, 100)
    const busy = (now: number, latency = 5000) => window(latency, 100, { hasRefused: true, now })
    gradient.observe(busy(0))
    gradient.observe(busy(30_000))
    for (const now of [31_000, 32_000, 33_000, 34_000, 35_000]) gradient.observe(busy(now))
    assert.ok(gradient.limit < 60, 'the probe goes on')
    gradient.observe(busy(36_000, 2000))
    assert.equal(gradient.usual, 2000)
    assert.ok(gradient.limit >= 100, 'and back')
  })
})
