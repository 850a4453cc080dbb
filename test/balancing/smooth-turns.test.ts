import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SmoothTurns } from '../../src/balancing/smooth-turns.ts'

function take(turns: SmoothTurns, weights: readonly number[], ...offered: readonly number[]): number {
  turns.begin()
  for (const place of offered) turns.offer(place, weights[place]!, place)
  return turns.take()
}

test('the largest current weight takes the turn, the first offered on a tie', () => {
  const turns = new SmoothTurns(3)
  const weights = [1, 3, 1]
  assert.deepEqual(
    Array.from({ length: 3 }, () => take(turns, weights, 0, 1, 2)),
    [1, 0, 1]
  )
})

test('a turn that offers nobody is -1 and changes nothing', () => {
  const turns = new SmoothTurns(2)
  const weights = [1, 1]
  assert.deepEqual(
    [take(turns, weights), take(turns, weights, 0, 1), take(turns, weights), take(turns, weights, 0, 1)],
    [-1, 0, -1, 1]
  )
})

test('one that is offered alone has every turn and owes nobody afterwards', () => {
  const turns = new SmoothTurns(2)
  const weights = [1, 1]
  for (let turn = 0; turn < 100; turn++) assert.equal(take(turns, weights, 1), 1)
  assert.deepEqual([take(turns, weights, 0, 1), take(turns, weights, 0, 1)], [0, 1])
})

test('what a turn returns is the index that was offered with the place', () => {
  const turns = new SmoothTurns(10)
  turns.begin()
  turns.offer(9, 1, 0)
  turns.offer(4, 2, 1)
  assert.equal(turns.take(), 1)
})
