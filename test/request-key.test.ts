import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { addressBlocks } from '../src/address-blocks.ts'
import { hashText } from '../src/balancing/hash-text.ts'
import type { RequestKey } from '../src/config/types.ts'
import { keyHasher, readKey } from '../src/request-key.ts'

const TRUSTED = addressBlocks(['10.0.0.0/8'])

interface Given {
  readonly url?: string
  readonly peer?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
}

function request({ url = '/', peer = '192.0.2.1', headers = {} }: Given): IncomingMessage {
  return { url, headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage
}

/** Asserts what a key is, and that its hash is that of the text. */
function assertKey(key: RequestKey, given: Given, expected: string | undefined): void {
  const message = request(given)
  assert.equal(readKey(key, message, TRUSTED), expected)
  const hash = keyHasher(key, TRUSTED)(message)
  assert.equal(hash, expected === undefined ? undefined : hashText(expected))
}

test('an address is that of the client, behind a trusted proxy too', () => {
  const headers = { 'x-forwarded-for': '198.51.100.7' }
  assertKey({ from: 'ip' }, { headers }, '192.0.2.1')
  assertKey({ from: 'ip' }, { headers, peer: '10.0.0.1' }, '198.51.100.7')
})

test('a path is raw and without its query', () => {
  assertKey({ from: 'path' }, { url: '/a%20b/C?x=1' }, '/a%20b/C')
})

test('a header field is read by its name; a missing or an empty one is no key', () => {
  const key = { from: 'header', name: 'x-user-id' } as const
  assertKey(key, { headers: { 'x-user-id': '42' } }, '42')
  assertKey(key, { headers: { 'x-user-id': ['1', '2'] } }, '1,2')
  assertKey(key, { headers: { 'x-user-id': '' } }, undefined)
  assertKey(key, {}, undefined)
})

test('a cookie is read by its name, the first of several', () => {
  const key = { from: 'cookie', name: 'sid' } as const
  assertKey(key, { headers: { cookie: 'a=1; sid=x; sid=y' } }, 'x')
  assertKey(key, { headers: { cookie: 'sid=; a=1' } }, undefined)
  assertKey(key, { headers: { cookie: 'SID=x' } }, undefined)
  assertKey(key, {}, undefined)
})

test('a query parameter is read by its name, however it is written', () => {
  const key = { from: 'query', name: 'user id' } as const
  assertKey(key, { url: '/?a=1&user%20id=J%C3%B6rg+A&user+id=2' }, 'Jörg A')
  assertKey(key, { url: '/?user+id=J%c3%b6rg%20A' }, 'Jörg A')
  assertKey(key, { url: '/?user+id=%FF%' }, '\uFFFD%')
  assertKey(key, { url: '/?user+id=' }, undefined)
  assertKey(key, { url: '/user+id=1' }, undefined)
  assertKey(key, { url: '/?' }, undefined)
})
