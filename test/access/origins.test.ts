import assert from 'node:assert/strict'
import { test } from 'node:test'
import { originPattern } from '../../src/access/origins.ts'

/** Which of the origins match. */
function matching(origins: readonly string[], tried: readonly string[]): string[] {
  const pattern = originPattern(origins)
  return tried.filter((origin) => pattern.test(origin))
}

test('an origin matches as a whole: scheme, host and port, in whatever case', () => {
  const tried = [
    'https://shop.example.com',
    'HTTPS://Shop.Example.COM',
    'http://shop.example.com',
    'https://shop.example.com:8443',
    'https://shop.example.com.evil.test',
    'https://evil.test/https://shop.example.com',
    'xhttps://shop.example.com',
    'https://shop.example.com/',
    'https://shop.example.com, https://evil.test',
    'https://shop.example.com\n'
  ]
  assert.deepEqual(matching(['https://shop.example.com'], tried), tried.slice(0, 2))
})

test('a dot in an origin is a dot, and a name can not be an expression', () => {
  assert.deepEqual(matching(['https://a.b'], ['https://a.b', 'https://axb']), ['https://a.b'])
  assert.deepEqual(matching(['http://[::1]:80', 'http://(a|b)+'], ['http://[::1]', 'http://:', 'http://a']), [
    'http://[::1]'
  ])
})

test('a wildcard stands for one or more labels, never for none and never for what is no label', () => {
  const tried = [
    'https://a.example.com',
    'https://a-1.b_2.example.com',
    'https://A.EXAMPLE.com',
    'https://example.com',
    'https://.example.com',
    'https://a..example.com',
    'https://aexample.com',
    'https://evil.test/.example.com',
    'https://evil.test:443.example.com',
    'https://evil.test@x.example.com',
    'https://a.example.com:8443'
  ]
  assert.deepEqual(matching(['https://*.example.com'], tried), tried.slice(0, 3))
  assert.deepEqual(matching(['https://*.example.com:8443'], tried), tried.slice(-1))
})

test("the scheme's own port is left out, as browsers do", () => {
  const origins = ['https://a.test:443', 'http://b.test:80', 'https://c.test:80']
  assert.deepEqual(matching(origins, ['https://a.test', 'http://b.test', 'https://c.test']), [
    'https://a.test',
    'http://b.test'
  ])
})

test('null never matches, nor does a request without an origin', () => {
  const pattern = originPattern(['https://*.example.com', 'https://null'])
  assert.equal(pattern.test('null'), false)
  assert.equal(pattern.test(''), false)
})

test('a long origin that almost matches is soon told', () => {
  const pattern = originPattern(['https://*.example.com'])
  assert.equal(pattern.test(`https://${'a.'.repeat(30_000)}example.co`), false)
})
