import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthNews } from '../../examples/marketplace/gateway-process.ts'

test('a log line about a change of health is news', () => {
  const flip = { group: 'catalog', backend: 'b1', from: 'healthy', to: 'unhealthy', reason: 'timeout' }
  const line = JSON.stringify({ level: 40, msg: 'backend health changed', ...flip })
  assert.equal(healthNews(line), 'gateway: catalog b1 is unhealthy (timeout)')
})

test('what an operator does to a backend is news, and a circuit breaker', () => {
  const facts = { group: 'catalog', backend: 'b1' }
  const changed = { msg: 'backend state changed', ...facts, from: 'active', to: 'draining', inFlight: 2 }
  assert.equal(healthNews(JSON.stringify(changed)), 'gateway: catalog b1 is draining')
  const drained = { msg: 'backend drained', ...facts, state: 'draining' }
  assert.equal(healthNews(JSON.stringify(drained)), 'gateway: catalog b1 is drained')
  const opened = { group: 'catalog', from: 'closed', to: 'open', reason: 'failure_percent' }
  assert.equal(
    healthNews(JSON.stringify(opened)),
    'gateway: catalog circuit breaker is open (failure_percent)'
  )
})

test('requests and everything else are none', () => {
  const failed = {
    msg: 'request',
    requestId: 'r1',
    group: 'catalog',
    backend: 'b1',
    reason: 'connect_refused'
  }
  for (const line of [
    JSON.stringify(failed),
    '{"msg":"listening"}',
    'xecureapi serves http://127.0.0.1:8080',
    ''
  ]) {
    assert.equal(healthNews(line), undefined)
  }
})
