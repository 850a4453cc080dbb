import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthNews } from '../../examples/marketplace/gateway-process.ts'

test('a log line about a change of health is news', () => {
  const flip = { group: 'catalog', backend: 'b1', from: 'healthy', to: 'unhealthy', reason: 'timeout' }
  const line = JSON.stringify({ level: 40, msg: 'backend health changed', ...flip })
  assert.equal(healthNews(line), 'gateway: catalog b1 is unhealthy (timeout)')
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
