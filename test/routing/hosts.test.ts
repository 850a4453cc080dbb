import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostsOf, normalizeHost } from '../../src/routing/hosts.ts'
import { route } from './routes.ts'

test('a Host field is lower case without port and final dot', () => {
  const cases: [string | undefined, string][] = [
    ['Example.COM', 'example.com'],
    ['example.com:8080', 'example.com'],
    ['example.com.', 'example.com'],
    ['example.com.:443', 'example.com'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]:8080', '[::1]'],
    ['[FE80::1]', '[fe80::1]'],
    ['[::1', '['],
    ['', ''],
    [undefined, '']
  ]
  for (const [host, expected] of cases) assert.equal(normalizeHost(host), expected, String(host))
})

test('a route without hosts is bound to any host', () => {
  assert.deepEqual(hostsOf(route('/')), [undefined])
  assert.deepEqual(hostsOf(route('/', { hosts: ['a.test', '*.b.test'] })), ['a.test', '*.b.test'])
})
