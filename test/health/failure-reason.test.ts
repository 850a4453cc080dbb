import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureReason } from '../../src/health/failure-reason.ts'

function withCode(code: string): Error {
  return Object.assign(new Error('a message nobody reads'), { code })
}

const expected = {
  connect_refused: ['ECONNREFUSED'],
  dns_failed: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'],
  tls_failed: [
    'EPROTO',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  ],
  reset: ['ECONNRESET', 'EPIPE', 'ECONNABORTED'],
  timeout: ['ETIMEDOUT', 'ERR_SOCKET_CONNECTION_TIMEOUT'],
  protocol_error: [
    'HPE_INVALID_CONSTANT',
    'HPE_HEADER_OVERFLOW',
    'ERR_INVALID_CHAR',
    'ERR_UNESCAPED_CHARACTERS'
  ],
  connect_failed: ['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EMFILE', 'ENONSENSE']
}

for (const [reason, codes] of Object.entries(expected)) {
  test(`${codes.join(', ')}: ${reason}`, () => {
    for (const code of codes) assert.equal(failureReason(withCode(code)), reason, code)
  })
}

test('of the errors of several addresses the first counts', () => {
  const errors = [withCode('ECONNREFUSED'), withCode('ENETUNREACH')]
  assert.equal(failureReason(new AggregateError(errors)), 'connect_refused')
  assert.equal(failureReason(Object.assign(new AggregateError(errors), { code: 'ETIMEDOUT' })), 'timeout')
})

test('a TimeoutError is a timeout, whatever its code', () => {
  assert.equal(failureReason(new DOMException('late', 'TimeoutError')), 'timeout')
})

test('what has no code, or is no error at all, is connect_failed', () => {
  assert.equal(failureReason(new Error('hm')), 'connect_failed')
  assert.equal(failureReason(new AggregateError([])), 'connect_failed')
  assert.equal(failureReason('hm'), 'connect_failed')
  assert.equal(failureReason(undefined), 'connect_failed')
})
