import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TICKET_KEYS_LIFETIME, TicketKeys } from '../../src/tls/ticket-keys.ts'

test('ticket keys are 48 bytes that stay for twelve hours', () => {
  const keys = new TicketKeys(1_000)
  const first = keys.current
  assert.equal(first.byteLength, 48)
  assert.equal(TICKET_KEYS_LIFETIME, 12 * 3_600_000)
  assert.equal(keys.rotate(1_000 + TICKET_KEYS_LIFETIME - 1), false)
  assert.equal(keys.current, first)
  assert.equal(keys.rotate(1_000 + TICKET_KEYS_LIFETIME), true)
  assert.notDeepEqual(keys.current, first)
  assert.equal(keys.rotate(1_000 + TICKET_KEYS_LIFETIME), false)
  assert.equal(keys.rotate(1_000 + 2 * TICKET_KEYS_LIFETIME), true)
})

test('a clock that was set back far does not keep them', () => {
  const keys = new TicketKeys(TICKET_KEYS_LIFETIME)
  assert.equal(keys.rotate(1), false)
  assert.equal(keys.rotate(0), true)
})

test('no two have the same', () => {
  assert.notDeepEqual(new TicketKeys(0).current, new TicketKeys(0).current)
})
