import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CounterWindow } from '../../../src/admin/live/counter-window.ts'

suite('a window of counters', () => {
  test('knows no rate before there are two looks', () => {
    const window = new CounterWindow(10)
    assert.equal(window.rate(0), null)
    window.look(0, [5])
    assert.equal(window.rate(0), null)
    assert.deepEqual(window.growth(0, 1), [0])
    window.look(2, [9])
    assert.equal(window.rate(0), 2)
    assert.deepEqual(window.growth(0, 1), [4])
  })

  test('forgets what is older than it is long, by time and not by looks', () => {
    const window = new CounterWindow(10)
    window.look(0, [0, 0])
    for (let at = 1; at <= 30; at++) window.look(at, [at * 3, at < 25 ? 0 : 7])
    assert.equal(window.rate(0), 3)
    assert.deepEqual(window.growth(0, 2), [30, 7])
    // Many looks within a moment change nothing of that.
    for (let at = 30.01; at < 31; at += 0.05) window.look(at, [at * 3, 7])
    assert.ok(Math.abs(window.rate(0)! - 3) < 0.01)
    assert.ok(Math.abs(window.rate(0, 0.9)! - 3) < 0.01)
  })

  test('tells what was lately from what was before', () => {
    const window = new CounterWindow(10)
    for (let at = 0; at <= 9; at++) window.look(at, [0])
    window.look(10, [50])
    assert.deepEqual([window.rate(0), window.rate(0, 0.9)], [5, 50])
  })

  test('begins anew when counters went back, which are another’s then', () => {
    const window = new CounterWindow(10)
    window.look(0, [100, 1])
    window.look(1, [0, 2])
    assert.equal(window.rate(0), null)
    window.look(2, [4, 2])
    assert.deepEqual([window.rate(0), window.rate(1)], [4, 0])
  })
})
