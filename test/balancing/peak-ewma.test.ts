import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decayedPeak,
  isWorthLearning,
  loweredBySuccess,
  raisedByFailure,
  shareBelieved
} from '../../src/balancing/peak-ewma.ts'

test('the first sample, and one of eight times the average, is taken as it is', () => {
  assert.equal(decayedPeak(0, 300, 0), 300)
  assert.equal(decayedPeak(300, 2400, 0), 2400)
})

test('any other sample counts for the time that it stands for: within a second e-fold', () => {
  assert.equal(decayedPeak(10_000, 1000, 0), 10_000)
  assert.equal(decayedPeak(10_000, 1000, 100), Math.round(1000 + 9000 * Math.exp(-0.1)))
  assert.equal(decayedPeak(1000, 7999, 100), Math.round(7999 - 6999 * Math.exp(-0.1)))
  assert.equal(decayedPeak(10_000, 1000, -5), 10_000)
  assert.equal(decayedPeak(10_000, 1000, 60_000), 1000)
})

test('how often there are samples does not matter', () => {
  const after = (every: number): number => {
    let average = 1_000_000
    for (let time = every; time <= 2000; time += every) average = decayedPeak(average, 1000, every)
    return average
  }
  const expected = 1000 + 999_000 * Math.exp(-2)
  for (const every of [10, 50, 100, 200]) {
    assert.ok(Math.abs(after(every) / expected - 1) < 0.02, `${every}: ${after(every)}`)
  }
})

test('the average is a positive 32-bit integer, whatever the sample', () => {
  assert.equal(decayedPeak(0, 0, 0), 1)
  assert.equal(decayedPeak(0, 0.2, 0), 1)
  assert.equal(decayedPeak(5, 1e12, 0), 2 ** 31 - 1)
})

test('a sample that stands for hardly any time is left out, a peak never is', () => {
  assert.equal(isWorthLearning(1000, 999, 15), false)
  assert.equal(isWorthLearning(1000, 7999, 15), false)
  assert.equal(isWorthLearning(1000, 999, 16), true)
  assert.equal(isWorthLearning(1000, 8000, 0), true)
  assert.equal(isWorthLearning(0, 0, 0), true)
})

test('failures in a row double it each time, up to a minute; where nothing was known they begin at a second', () => {
  let average = 0
  const averages = Array.from({ length: 8 }, () => (average = raisedByFailure(average)))
  assert.deepEqual(
    averages.map((each) => each / 1e6),
    [1, 2, 4, 8, 16, 32, 60, 60]
  )
})

test('a failure never makes anybody look faster', () => {
  for (const before of [1, 1000, 59_000_000, 61_000_000, 2 ** 31 - 1]) {
    assert.ok(raisedByFailure(before) >= before)
  }
})

test('a failure now and then is forgotten with the next success, several in a row are not', () => {
  assert.equal(loweredBySuccess(raisedByFailure(40_000)), 40_000)
  assert.equal(loweredBySuccess(raisedByFailure(raisedByFailure(40_000))), 80_000)
  assert.equal(loweredBySuccess(1), 1)
})

test('a value that nobody renews is believed for some seconds, then soon not any more', () => {
  assert.equal(shareBelieved(0), 1)
  assert.equal(shareBelieved(-1), 1)
  for (const age of [64, 640, 2496, 4992, 7488]) {
    assert.ok(Math.abs(shareBelieved(age) - Math.exp(-((age / 2500) ** 2))) < 1e-12, `${age}`)
  }
  assert.equal(shareBelieved(8192), 0)
  assert.equal(shareBelieved(2 ** 31 - 1), 0)
})
