import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ticker } from '../src/ticker.ts'

test('it runs while there is need, and again when it is started again', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let left = 3
  let runs = 0
  const ticker = new Ticker(100, () => {
    runs++
    return --left > 0
  })
  t.mock.timers.tick(1000)
  assert.equal(runs, 0)
  ticker.start()
  ticker.start()
  t.mock.timers.tick(99)
  assert.equal(runs, 0)
  t.mock.timers.tick(901)
  assert.equal(runs, 3)
  left = 9
  ticker.start()
  t.mock.timers.tick(200)
  ticker.stop()
  t.mock.timers.tick(1000)
  assert.equal(runs, 5)
})
