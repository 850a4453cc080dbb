import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseProxyHeader, type ProxySource } from '../../src/threads/proxy-protocol.ts'

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const REQUEST = Buffer.from('GET / HTTP/1.1\r\n')

/** A header of version 2. */
function binary(versionAndCommand: number, family: number, addresses: string, size?: number): Buffer {
  const body = Buffer.from(addresses.replaceAll(' ', ''), 'hex')
  const head = Buffer.from([versionAndCommand, family, 0, 0])
  head.writeUInt16BE(size ?? body.length, 2)
  return Buffer.concat([SIGNATURE, head, body])
}

const V4 = 'c0000201 c6336401 dc04 01bb'
const V6 = `20010db8${'0'.repeat(23)}1 20010db8${'0'.repeat(23)}2 dc04 01bb`
const MAPPED = `${'0'.repeat(20)}ffffc0000201 ${'0'.repeat(32)} dc04 01bb`
const UNIX = '2f'.repeat(216)

const v4: ProxySource = { address: '192.0.2.1', port: 56324, family: 'IPv4' }
const v6: ProxySource = { address: '2001:db8::1', port: 56324, family: 'IPv6' }

const VALID: readonly (readonly [string, Buffer, ProxySource | undefined])[] = [
  ['TCP4', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'), v4],
  ['TCP6', Buffer.from('PROXY TCP6 2001:0db8:0::1 2001:db8::2 56324 443\r\n'), v6],
  [
    'TCP4 with the lowest and the highest port',
    Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 0 65535\r\n'),
    { ...v4, port: 0 }
  ],
  [
    'the longest TCP6',
    Buffer.from(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    { address: `${'ffff:'.repeat(7)}ffff`, port: 65535, family: 'IPv6' }
  ],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  ['UNKNOWN with what is to be ignored', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), undefined],
  ['binary TCP4', binary(0x21, 0x11, V4), v4],
  ['binary TCP6', binary(0x21, 0x21, V6), v6],
  [
    'binary IPv4 within IPv6',
    binary(0x21, 0x21, MAPPED),
    { address: '::ffff:192.0.2.1', port: 56324, family: 'IPv6' }
  ],
  ['binary TCP4 with TLVs', binary(0x21, 0x11, `${V4} 02 0003 616263 04 0000`), v4],
  ['the largest binary', binary(0x21, 0x11, V4 + '00'.repeat(4068)), v4],
  ['binary UNSPEC', binary(0x21, 0x00, ''), undefined],
  ['binary UNSPEC with addresses', binary(0x21, 0x00, V4), undefined],
  ['binary UDP', binary(0x21, 0x12, V4), undefined],
  ['binary Unix', binary(0x21, 0x31, UNIX), undefined],
  ['LOCAL', binary(0x20, 0x00, ''), undefined],
  ['LOCAL with addresses', binary(0x20, 0x11, V4), undefined],
  ['LOCAL with a family that nobody knows', binary(0x20, 0xff, '00'), undefined]
]

for (const [name, header, source] of VALID) {
  test(`${name} is taken, and what follows is not touched`, () => {
    for (const bytes of [header, Buffer.concat([header, REQUEST]), Buffer.concat([header, header])]) {
      assert.deepEqual(parseProxyHeader(bytes), { kind: 'complete', length: header.length, source })
    }
  })

  test(`${name} may come in any pieces`, () => {
    for (let length = 0; length < header.length; length++) {
      assert.deepEqual(
        parseProxyHeader(header.subarray(0, length)),
        { kind: 'incomplete' },
        `${length} bytes`
      )
    }
  })
}

const MALFORMED: readonly (readonly [string, Buffer | string])[] = [
  ['signature', 'GET / HTTP/1.1\r\n'],
  ['signature', 'proxy TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'],
  ['signature', 'PROXX'],
  ['signature', '\r\n\r\n\r'],
  ['signature', '\x16\x03\x01'],
  ['signature', Buffer.concat([SIGNATURE.subarray(0, 11), Buffer.from('X')])],
  ['line', `PROXY TCP4 ${'1'.repeat(200)}`],
  ['line', `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`],
  ['line', 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n'],
  ['line', 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\rX'],
  ['line', 'PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n'],
  ['line', 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n'],
  ['line', 'PROXY TCP4 192.0.2.1  198.51.100.1 56324 443\r\n'],
  ['line', 'PROXY TCP4\r\n'],
  ['family', 'PROXY \r\n'],
  ['family', 'PROXY TCP5 192.0.2.1 198.51.100.1 56324 443\r\n'],
  ['family', 'PROXY tcp4 192.0.2.1 198.51.100.1 56324 443\r\n'],
  ['family', 'PROXY UNKNOWNX\r\n'],
  ['address', 'PROXY TCP4 2001:db8::1 2001:db8::2 56324 443\r\n'],
  ['address', 'PROXY TCP6 192.0.2.1 198.51.100.1 56324 443\r\n'],
  ['address', 'PROXY TCP6 fe80::1%eth0 fe80::2 56324 443\r\n'],
  ['address', 'PROXY TCP4 192.0.2.01 198.51.100.1 56324 443\r\n'],
  ['address', 'PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n'],
  ['address', 'PROXY TCP4 192.0.2.1 example.com 56324 443\r\n'],
  ['address', 'PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n'],
  ['address', 'PROXY TCP4 192.0.2.1 198.51.100.1 056 443\r\n'],
  ['address', 'PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n'],
  ['address', 'PROXY TCP4 192.0.2.1 198.51.100.1 1e3 443\r\n'],
  ['address', 'PROXY TCP4 192.0.2.1 198.51.100.1  443\r\n'],
  ['version', binary(0x11, 0x11, V4)],
  ['version', binary(0x31, 0x11, V4)],
  ['command', binary(0x22, 0x11, V4)],
  ['command', binary(0x2f, 0x11, V4)],
  ['family', binary(0x21, 0x13, V4)],
  ['family', binary(0x21, 0x41, V4)],
  ['family', binary(0x21, 0xf1, V4)],
  ['length', binary(0x21, 0x11, V4.slice(0, -2))],
  ['length', binary(0x21, 0x21, V4)],
  ['length', binary(0x21, 0x31, V6)],
  ['length', binary(0x21, 0x11, V4, 4081)],
  ['length', binary(0x20, 0x00, '', 65535)]
]

for (const [reason, text] of MALFORMED) {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
  const name = JSON.stringify(bytes.toString('latin1').slice(0, 60))
  test(`${name} is no header: ${reason}`, () => {
    assert.deepEqual(parseProxyHeader(bytes), { kind: 'invalid', reason })
  })

  test(`${name} is found out in pieces as well, and never taken for one`, () => {
    const kinds = new Set<string>()
    for (let length = 0; length <= bytes.length; length++)
      kinds.add(parseProxyHeader(bytes.subarray(0, length)).kind)
    assert.deepEqual([...kinds], ['incomplete', 'invalid'])
  })
}
