import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SmoothTurns } from '../../src/balancing/smooth-turns.ts'
import { servers } from './servers.ts'

function take(turns: SmoothTurns, ...offered: number[]): number {
  turns.begin()
  for (const index of offered) turns.offer(index)
  return turns.take()
}

test('the largest current weight takes the turn, the first offered on a tie', () => {
  const turns = new SmoothTurns(servers(1, 3, 1))
  assert.deepEqual([take(turns, 0, 1, 2), take(turns, 0, 1, 2), take(turns, 0, 1, 2)], [1, 0, 1])
})

test('a turn that offers nobody is -1 and changes nothing', () => {
  const turns = new SmoothTurns(servers(1, 1))
  assert.deepEqual([take(turns), take(turns, 0, 1), take(turns), take(turns, 0, 1)], [-1, 0, -1, 1])
})

test('one that is offered alone has every turn and owes nobody afterwards', () => {
  const turns = new SmoothTurns(servers(1, 1))
  for (let turn = 0; turn < 100; turn++) assert.equal(take(turns, 1), 1)
  assert.deepEqual([take(turns, 0, 1), take(turns, 0, 1)], [0, 1])
})
