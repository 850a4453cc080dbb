import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StartGate } from '../../src/health/start-gate.ts'

test('a gate lets as many in as it has places, and the rest in order as places become free', () => {
  const gate = new StartGate(2)
  const started: string[] = []
  for (const name of ['a', 'b', 'c', 'd']) gate.enter(() => started.push(name))
  assert.deepEqual(started, ['a', 'b'])
  gate.leave()
  assert.deepEqual(started, ['a', 'b', 'c'])
  gate.leave()
  assert.deepEqual(started, ['a', 'b', 'c', 'd'])
})

test('whoever is withdrawn is never started and takes no place', () => {
  const gate = new StartGate(1)
  const started: string[] = []
  const starter = (name: string) => () => void started.push(name)
  const second = starter('b')
  gate.enter(starter('a'))
  gate.enter(second)
  gate.enter(starter('c'))
  gate.withdraw(second)
  gate.leave()
  assert.deepEqual(started, ['a', 'c'])
})

test('a starter that leaves at once makes room for the next', () => {
  const gate = new StartGate(1)
  let started = 0
  for (let index = 0; index < 3; index += 1) {
    gate.enter(() => {
      started += 1
      gate.leave()
    })
  }
  assert.equal(started, 3)
})
