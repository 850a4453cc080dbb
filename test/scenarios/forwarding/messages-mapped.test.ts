import assert from 'node:assert/strict'
import { test } from 'node:test'
import { request, response, startWire, type Wire } from './wire.ts'

const ROUTES = [
  { path: '/api', rewrite: '/svc' },
  { path: '/shop/:id', rewrite: '/items/:id' },
  { path: '/root', rewrite: '/' },
  { path: '/kept' }
]

/** What a field of the backend has become at the client. */
async function mapped(wire: Wire, target: string, name: string, value: string): Promise<string | undefined> {
  const bytes = response('302 Found', `${name}: ${value}\r\nContent-Length: 0\r\n`)
  const { answer } = await wire.exchange(request(`GET ${target}`), bytes)
  return new RegExp(`^${name}: (.*)\r$`, 'm').exec(answer)?.[1]
}

test('a Location below the rewritten prefix becomes a public one', async (t) => {
  const wire = await startWire(t, { routes: ROUTES })
  for (const [target, location, seen] of [
    ['/api/x', '/svc', '/api'],
    ['/api/x', '/svc/', '/api/'],
    ['/api/x', '/svc/y%2F?q=/svc#z', '/api/y%2F?q=/svc#z'],
    ['/api/x', '/svc?q', '/api?q'],
    ['/%61pi/x', '/svc/y', '/%61pi/y'],
    ['/api/x', `${wire.backend.url}/svc/y`, '/api/y'],
    ['/api/x', `${wire.backend.url.toUpperCase()}/svc/y`, '/api/y'],
    ['/api/x', 'http://a/svc/y', 'http://a/api/y'],
    ['/api/x', 'https://A/svc/y', 'https://A/api/y'],
    ['/shop/a%2Fb/x', '/items/a%2Fb/y', '/shop/a%2Fb/y'],
    ['/root/x', '/', '/root/'],
    ['/root/x', '/y', '/root/y'],
    ['/root/x', wire.backend.url, '/root/']
  ] as const) {
    assert.equal(await mapped(wire, target, 'Location', location), seen, `${target} ${location}`)
    assert.equal(await mapped(wire, target, 'Content-Location', location), seen, `${target} ${location}`)
  }
})

test('a Location of elsewhere is left as it is', async (t) => {
  const wire = await startWire(t, { routes: ROUTES })
  for (const location of [
    '/other',
    '/svcs/y',
    '/',
    'y',
    '../y',
    '?q',
    '',
    '//svc/y',
    'http://b.example/svc/y',
    'http://a:81/svc/y',
    'http://a.evil/svc/y',
    'http://a@evil/svc/y',
    'ftp://a/svc/y',
    'mailto:svc@a',
    '/caf\xe9'
  ]) {
    assert.equal(await mapped(wire, '/api/x', 'Location', location), location)
  }
  for (const location of ['/svc/y', '/kept/y', `${wire.backend.url}/svc`])
    assert.equal(await mapped(wire, '/kept/x', 'Location', location), location)
})

test('the Path of a cookie becomes a public one, all else of it stays', async (t) => {
  const wire = await startWire(t, { routes: ROUTES })
  for (const [cookie, seen] of [
    ['a=1; Path=/svc; Secure', 'a=1; Path=/api; Secure'],
    ['a=1;path=/svc/;HttpOnly', 'a=1;path=/api/;HttpOnly'],
    ['a=1; PATH = /svc/y ; x', 'a=1; PATH = /api/y; x'],
    ['a=1; Path=/x; Path=/svc', 'a=1; Path=/x; Path=/api'],
    ['a=/svc; Domain=a', 'a=/svc; Domain=a'],
    ['path=/svc', 'path=/svc'],
    ['a=1; Path=/', 'a=1; Path=/'],
    ['a=1; Path=/svcs', 'a=1; Path=/svcs'],
    ['a=1; Path=', 'a=1; Path=']
  ] as const) {
    assert.equal(await mapped(wire, '/api/x', 'Set-Cookie', cookie), seen)
    assert.equal(await mapped(wire, '/kept/x', 'Set-Cookie', cookie), cookie)
  }
})
