import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { addressBlocks } from '../src/address-blocks.ts'
import { parseRequestKey } from '../src/config/request-key-text.ts'
import { limitKeyReader, networkOf } from '../src/limit-key.ts'

const NOBODY = addressBlocks([])

interface Asked {
  readonly from?: string
  readonly headers?: Record<string, string>
}

/** The key of a request under a limit with these parts. */
function keyOf(parts: readonly string[], { from = '192.0.2.1', headers = {} }: Asked = {}): string {
  const request = { socket: { remoteAddress: from }, headers, url: '/' } as unknown as IncomingMessage
  const keys = parts.map((part) => parseRequestKey(part)!)
  return limitKeyReader(keys, NOBODY)(request)
}

/** Asserts that no two of some requests have the same key. */
function assertApart(parts: readonly string[], requests: readonly Asked[]): void {
  const keys = requests.map((request) => keyOf(parts, request))
  assert.equal(new Set(keys).size, requests.length, keys.join(' | '))
}

test('IPv4 addresses count each, IPv6 addresses by their first 64 bits', () => {
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
  const same = ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:ffff::', '2001:db8:1:2::']
  assert.deepEqual([...new Set(same.map(networkOf))], ['2001:db8:1:2::/64'])
  assert.notEqual(networkOf('2001:db8:1:3::1'), networkOf('2001:db8:1:2::1'))
})

test('zeros that an address leaves out are part of its network', () => {
  const short = ['2001:db8::1', '2001:db8::1:2:3', '2001:db8:0:0:1::', '2001:db8:0:0:1:2:3:4']
  assert.deepEqual([...new Set(short.map(networkOf))], ['2001:db8:0:0::/64'])
  assert.deepEqual(
    [...new Set(['::', '::1', '::1.2.3.4', '0:0:0:0:1:2:3:4'].map(networkOf))],
    ['0:0:0:0::/64']
  )
  assert.equal(networkOf('1::'), '1:0:0:0::/64')
  assert.equal(networkOf('fe80::a:b:c:d%eth0.100'), 'fe80:0:0:0::/64')
  assert.equal(networkOf('1::4:5:6:1.2.3.4'), '1:0:0:4::/64')
  assert.equal(networkOf('64:ff9b:1:2:3:4:1.2.3.4'), '64:ff9b:1:2::/64')
})

test('a client of a dual-stack listener counts as its IPv4 address', () => {
  assert.equal(keyOf(['ip'], { from: '::ffff:192.0.2.1' }), keyOf(['ip'], { from: '192.0.2.1' }))
  assertApart(['ip'], [{ from: '::ffff:192.0.2.1' }, { from: '::ffff:192.0.2.2' }])
})

test('a header or a cookie tells clients apart wherever they come from', () => {
  for (const [part, name, value] of [
    ['header:x-user', 'x-user', 'ann'],
    ['cookie:sid', 'cookie', 'a=b; sid=ann']
  ] as const) {
    const ann = keyOf([part], { headers: { [name]: value } })
    assert.equal(keyOf([part], { from: '192.0.2.2', headers: { [name]: value } }), ann)
    assert.notEqual(keyOf([part], { headers: { [name]: `${value}a` } }), ann)
  }
})

test('a part that is missing or empty is the address of the client, by its network', () => {
  const missing = keyOf(['header:x-user'])
  assert.equal(keyOf(['header:x-user'], { headers: { 'x-user': '' } }), missing)
  assert.notEqual(keyOf(['header:x-user'], { from: '192.0.2.2' }), missing)
  assert.equal(
    keyOf(['header:x-user'], { from: '2001:db8::1' }),
    keyOf(['header:x-user'], { from: '2001:db8::2' })
  )
})

test('no value can be written so that it looks like an address that stands in for one', () => {
  const missing = keyOf(['header:x-user'])
  const values = ['192.0.2.1', '?192.0.2.1', missing, `${missing} `]
  assertApart(['header:x-user'], [{}, ...values.map((value) => ({ headers: { 'x-user': value } }))])
  const [from, value] = ['11::1', '0:0:0::/64 ']
  assert.notEqual(
    keyOf(['header:x-user'], { headers: { 'x-user': value } }),
    keyOf(['header:x-user'], { from })
  )
  // Nor like that of a request that has it.
  const known = keyOf(['header:x-user'], { headers: { 'x-user': 'ann' } })
  assert.notEqual(keyOf(['header:x-user'], { headers: { 'x-user': known } }), known)
})

test('parts can not run into each other', () => {
  const pairs = [
    ['a', 'bc'],
    ['ab', 'c'],
    ['abc', ''],
    ['', 'abc'],
    ['a1:b', 'c'],
    ['a:', 'b'],
    ['a', ':b'],
    ['a', '1:bc'],
    ['1:a', '1:b'],
    ['?192.0.2.1 ', ''],
    ['', '?192.0.2.1 '],
    ['', '']
  ] as const
  assertApart(
    ['header:x-one', 'header:x-two'],
    pairs.map(([one, two]) => ({ headers: { 'x-one': one, 'x-two': two } }))
  )
})

test('parts together tell apart what each alone does not', () => {
  const [ann, bob] = [{ 'x-user': 'ann' }, { 'x-user': 'bob' }]
  assertApart(
    ['ip', 'header:x-user'],
    [
      { headers: ann },
      { headers: bob },
      { headers: ann, from: '192.0.2.2' },
      { from: '192.0.2.2' },
      { headers: { 'x-user': '192.0.2.1' } },
      {}
    ]
  )
})
