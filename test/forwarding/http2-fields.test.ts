import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { http1Fields } from '../../src/forwarding/http2-fields.ts'

function fieldsOf(rawHeaders: string[], headers: Record<string, string>): string[] {
  return http1Fields({ rawHeaders, headers } as unknown as IncomingMessage)
}

test('pseudo-header fields stay behind, and the authority is the Host in front', () => {
  const raw = [':method', 'GET', ':path', '/', ':authority', 'a.test', ':forged', 'x', 'x-a', '1', 'x-a', '2']
  assert.deepEqual(fieldsOf(raw, { host: 'a.test' }), ['host', 'a.test', 'x-a', '1', 'x-a', '2'])
})

test('a Host that came beside the authority is not repeated', () => {
  const raw = [':authority', 'a.test', 'x-a', '1', 'host', 'A.test']
  assert.deepEqual(fieldsOf(raw, { host: 'a.test' }), ['host', 'a.test', 'x-a', '1'])
})

test('the crumbs of a cookie become one field where the first one stood', () => {
  const raw = ['x-a', '1', 'cookie', 'a=1', 'x-b', '2', 'cookie', 'b=2']
  assert.deepEqual(fieldsOf(raw, { cookie: 'a=1; b=2' }), ['x-a', '1', 'cookie', 'a=1; b=2', 'x-b', '2'])
})
