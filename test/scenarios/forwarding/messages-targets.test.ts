import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwarded, request, startWire } from './wire.ts'

const ROUTES = [
  { path: '/' },
  { path: '/api', rewrite: '/svc/v1' },
  { path: '/shop/:id', rewrite: '/items/:id' }
]

/** What follows a prefix, and must arrive as it is. */
const RESTS = [
  '',
  '/',
  '//',
  '//a//b//',
  '/a%20b%2Fc%2fd%FF%00%zz%',
  '/a;b=1;c/d;',
  '/a+b',
  "/a:b@c!$&'()*,=~",
  '/"<>^`{|}\\',
  '/...',
  '/a..b/..c/.d/e.',
  '/%252e%252e/',
  '?',
  '/a?',
  '/a?x=1&x=2&&y=&=z&x',
  '/a?q=a+b%20c%2B&u=http://b/../c?d',
  '/a??b?c',
  '/a?"<>^`{|}\\[]'
]

test('the rest behind a prefix, and the query, arrive byte for byte', async (t) => {
  const wire = await startWire(t, { routes: ROUTES })
  for (const rest of RESTS) {
    for (const [prefix, seen] of [
      ['/kept', '/kept'],
      ['/api', '/svc/v1'],
      ['/shop/a%2Fb', '/items/a%2Fb']
    ]) {
      const { received } = await wire.exchange(request(`GET ${prefix}${rest}`))
      assert.equal(received, forwarded(`GET ${seen}${rest}`))
    }
  }
})

test('slashes at the beginning are kept', async (t) => {
  const wire = await startWire(t)
  for (const target of ['//', '//api/x', '///?a']) {
    const { received } = await wire.exchange(request(`GET ${target}`))
    assert.equal(received, forwarded(`GET ${target}`))
  }
})

const DOTS = ['.', '..', '%2e', '%2E', '.%2e', '%2e.', '%2e%2E']

test('a dot segment is 400, however it is written, and reaches no backend', async (t) => {
  const wire = await startWire(t, { routes: ROUTES })
  const refused = async (target: string): Promise<void> => {
    const { received, answer } = await wire.exchange(request(`GET ${target}`))
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, target)
    assert.equal(received, '', target)
  }
  for (const dots of DOTS) {
    for (const before of ['/', '/api/', '/api%2f', '/api%2F', '/api/a\\', '/api/a%5c', '/api//'])
      await refused(`${before}${dots}`)
    for (const behind of ['/b', '//', '%2fb', '\\b', '%5Cb', ';b', '%3bb', '%00', '?b'])
      await refused(`/api/${dots}${behind}`)
  }
  await refused('http://b.example/../x')
})

test('dots in a query are nobody’s business', async (t) => {
  const wire = await startWire(t)
  const { received } = await wire.exchange(request('GET /a?/../..'))
  assert.equal(received, forwarded('GET /a?/../..'))
})

test('an absolute-form target becomes the origin form, and Host agrees with it', async (t) => {
  const wire = await startWire(t, { routes: ROUTES })
  for (const [line, seen] of [
    ['GET http://b.example:8080/api/x?y', 'GET /svc/v1/x?y'],
    ['GET HTTP://b.example:8080', 'GET /'],
    ['GET http://b.example:8080?x', 'GET /?x'],
    ['GET https://b.example:8080//a', 'GET //a'],
    ['OPTIONS http://b.example:8080', 'OPTIONS *'],
    ['OPTIONS http://b.example:8080/', 'OPTIONS /']
  ] as const) {
    const { received } = await wire.exchange(request(line))
    assert.equal(received, forwarded(seen, '', '', '', 'b.example:8080'))
  }
})

test('an absolute-form target names the host of an HTTP/1.0 request that has no Host', async (t) => {
  const wire = await startWire(t)
  const { received } = await wire.exchange('GET http://b.example/x HTTP/1.0\r\n\r\n')
  assert.match(received, /^GET \/x HTTP\/1\.1\r\nHost: b\.example\r\nX-Forwarded-For/)
})

test('an absolute-form target chooses the route of its host', async (t) => {
  const wire = await startWire(t, { routes: [{ path: '/', hosts: ['b.example'], rewrite: '/b' }] })
  assert.match((await wire.exchange(request('GET http://b.example/x'))).received, /^GET \/b\/x /)
  assert.match((await wire.exchange(request('GET /x'))).answer, /^HTTP\/1\.1 404 /)
})

test('OPTIONS * stays what it is, whatever the route rewrites', async (t) => {
  const wire = await startWire(t, { routes: [{ path: '/', rewrite: '/svc' }] })
  assert.equal((await wire.exchange(request('OPTIONS *'))).received, forwarded('OPTIONS *'))
})

test('a target that is none is 400 and reaches no backend', async (t) => {
  const wire = await startWire(t)
  for (const target of [
    '*',
    'x',
    'b.example:80',
    'ftp://b/x',
    'http:///x',
    'http://u@b/x',
    'http://b c/x',
    '/a#b',
    '/a?b#c',
    '/caf\xe9',
    '/a?\xff',
    '/a\x01',
    '/a\x7f',
    '/a b'
  ]) {
    const { received, answer } = await wire.exchange(request(`GET ${target}`))
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, target)
    assert.equal(received, '', target)
  }
})
