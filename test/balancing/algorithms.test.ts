import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBalancer } from '../../src/balancing/algorithms.ts'
import { LeastConnections } from '../../src/balancing/least-connections.ts'
import { RoundRobin } from '../../src/balancing/round-robin.ts'
import { ANYBODY, servers } from './servers.ts'

test('every name of the configuration makes its algorithm', () => {
  assert.ok(createBalancer('round-robin', servers(1)) instanceof RoundRobin)
  assert.ok(createBalancer('least-connections', servers(1)) instanceof LeastConnections)
})

test('two balancers of the same candidates take turns of their own', () => {
  const all = servers(1, 1)
  const first = createBalancer('round-robin', all)
  const second = createBalancer('round-robin', all)
  assert.equal(first.pick(ANYBODY)?.name, 'a')
  assert.equal(second.pick(ANYBODY)?.name, 'a')
  assert.equal(first.pick(ANYBODY)?.name, 'b')
})
