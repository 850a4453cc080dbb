import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { addressBlocks } from '../src/address-blocks.ts'
import { clientAddress } from '../src/client-address.ts'

const TRUSTED = addressBlocks(['10.0.0.0/8', '127.0.0.1', '2001:db8:1::/48'])

/** The client of a request from a peer with this X-Forwarded-For. */
function clientOf(peer: string | undefined, chain?: string): string {
  const request = { socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': chain } }
  return clientAddress(request as unknown as IncomingMessage, TRUSTED)
}

test('a peer that is not trusted is the client, whatever it says', () => {
  assert.equal(clientOf('192.0.2.1'), '192.0.2.1')
  assert.equal(clientOf('192.0.2.1', '198.51.100.7'), '192.0.2.1')
  assert.equal(clientOf(undefined, '198.51.100.7'), 'unknown')
})

test('of what a trusted peer says, the right-most address counts that is not trusted itself', () => {
  assert.equal(clientOf('10.0.0.1'), '10.0.0.1')
  assert.equal(clientOf('10.0.0.1', '198.51.100.7'), '198.51.100.7')
  assert.equal(clientOf('10.0.0.1', '203.0.113.9, 198.51.100.7'), '198.51.100.7')
  assert.equal(clientOf('10.0.0.1', '203.0.113.9,198.51.100.7 , 10.0.0.2,127.0.0.1'), '198.51.100.7')
})

test('when all are trusted it is the left-most', () => {
  assert.equal(clientOf('10.0.0.1', '10.0.0.3, 10.0.0.2'), '10.0.0.3')
})

test('what is no address ends the search at the one behind it', () => {
  for (const garbage of [
    'unknown',
    '',
    '_hidden',
    '999.0.0.1',
    '10.0.0',
    'fe80::1%eth0',
    '::1]',
    '[::1',
    '1.2.3.4:99:1'
  ]) {
    assert.equal(clientOf('10.0.0.1', garbage), '10.0.0.1', garbage)
    assert.equal(clientOf('10.0.0.1', `198.51.100.7, ${garbage}, 10.0.0.2`), '10.0.0.2', garbage)
  }
})

test('ports and brackets are left out', () => {
  assert.equal(clientOf('10.0.0.1', '198.51.100.7:4711'), '198.51.100.7')
  assert.equal(clientOf('10.0.0.1', '[2001:db8:2::1]:4711'), '2001:db8:2::1')
  assert.equal(clientOf('10.0.0.1', '[2001:db8:2::1]'), '2001:db8:2::1')
})

test('one address has one form', () => {
  assert.equal(clientOf('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(clientOf('::ffff:10.0.0.1', '::ffff:198.51.100.7'), '198.51.100.7')
  assert.equal(clientOf('10.0.0.1', '::FFFF:C633:6407'), '198.51.100.7')
  assert.equal(clientOf('10.0.0.1', '2001:0DB8:2::0001'), '2001:db8:2::1')
  assert.equal(clientOf('2001:db8:1::5', '2001:db8:1::6, 10.0.0.9'), '2001:db8:1::6')
})
