import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AddressRecord, DnsAnswer } from '../../src/discovery/dns-lookup.ts'
import { KnownAddresses } from '../../src/discovery/known-addresses.ts'

type Answer = DnsAnswer<AddressRecord>

const NXDOMAIN: Answer = { kind: 'missing', reason: 'nxdomain' }
const NODATA: Answer = { kind: 'missing', reason: 'nodata' }
const SERVFAIL: Answer = { kind: 'failed', reason: 'servfail' }
const SECOND = 1000

function found(address: string, ttl = 60): Answer {
  return { kind: 'records', records: [{ address, ttl }] }
}

/** What is known after answers of both kinds, each given at its second. */
function after(...looks: [second: number, ipv4: Answer, ipv6: Answer][]) {
  const known = new KnownAddresses('catalog.test', 30 * SECOND)
  return looks.map(([second, ipv4, ipv6]) => known.take(ipv4, ipv6, second * SECOND)).at(-1)
}

test('addresses of only one kind are no failure, whatever becomes of the other that never had any', () => {
  const expected = { addresses: ['10.0.0.1'], ttl: 60 * SECOND }
  for (const other of [NXDOMAIN, NODATA, SERVFAIL]) {
    assert.deepEqual(after([0, found('10.0.0.1'), other]), expected)
    assert.deepEqual(after([0, other, found('10.0.0.1')]), expected)
  }
})

test('the least TTL of both kinds counts', () => {
  assert.equal(after([0, found('10.0.0.1', 7), found('fd00::1', 3)])?.ttl, 3 * SECOND)
})

test('addresses of one kind go at once when the name has some of the other, and stay when nobody knows', () => {
  const before: [number, Answer, Answer] = [0, found('10.0.0.1'), found('fd00::1')]
  assert.deepEqual(after(before, [1, found('10.0.0.1'), NODATA])?.addresses, ['10.0.0.1'])
  const kept = after(before, [1, found('10.0.0.2'), SERVFAIL])
  assert.deepEqual(kept?.addresses, ['10.0.0.2', 'fd00::1'])
  assert.equal(kept.doubt?.reason, 'servfail')
})

test('missing is believed after 30 s without interruption, failures never', () => {
  const before: [number, Answer, Answer] = [0, found('10.0.0.1'), NODATA]
  const doubted = after(before, [10, NXDOMAIN, NXDOMAIN], [39.9, NODATA, NODATA])
  assert.deepEqual(doubted, { addresses: ['10.0.0.1'], doubt: { reason: 'nodata', until: 40 * SECOND } })
  assert.deepEqual(after(before, [10, NXDOMAIN, NXDOMAIN], [40, NXDOMAIN, NXDOMAIN]), { addresses: [] })
  const interrupted = after(before, [10, NXDOMAIN, NODATA], [35, SERVFAIL, NODATA], [41, NXDOMAIN, NODATA])
  assert.deepEqual(interrupted?.addresses, ['10.0.0.1'])
  const failed = after(before, [10, SERVFAIL, SERVFAIL], [1e6, SERVFAIL, SERVFAIL])
  assert.deepEqual(failed, { addresses: ['10.0.0.1'], doubt: { reason: 'servfail' } })
})

test('of several reasons the one counts that does not end by itself', () => {
  assert.equal(after([0, NXDOMAIN, SERVFAIL])?.doubt?.reason, 'servfail')
  assert.equal(after([0, SERVFAIL, NXDOMAIN])?.doubt?.reason, 'servfail')
})
