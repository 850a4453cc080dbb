import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { addressBlocks } from '../../src/address-blocks.ts'
import { STATUS } from '../../src/balancing/candidate.ts'
import type { AffinityConfig, UpstreamGroupConfig } from '../../src/config/types.ts'
import { type Sessions, sessionsOf } from '../../src/forwarding/sessions.ts'
import type { Backend } from '../../src/upstreams/backend.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, group } from '../upstreams/groups.ts'

const AFFINITY: AffinityConfig = { cookie: 'xgw', ttl: 90_000, secret: 'a secret of this test' }
const HOSTS = ['a:1', 'b:1', 'c:1']

interface Made {
  readonly sessions: Sessions
  readonly backends: readonly Backend[]
  readonly setStatus: (place: number, status: number) => void
}

function make(
  affinity: Partial<AffinityConfig> = {},
  { name = 'shop', ...more }: Partial<UpstreamGroupConfig> = {}
): Made {
  const registry = new UpstreamRegistry()
  apply(registry, [group(name, HOSTS, more)], 1)
  const made = registry.groups.get(name)!
  return {
    sessions: sessionsOf(made, { ...AFFINITY, ...affinity }, addressBlocks(['10.0.0.0/8'])),
    backends: made.backends,
    setStatus: (place, status) => {
      made.backends[place]!.setStatus(status)
      made.live.renew()
    }
  }
}

function request(headers: Record<string, string> = {}, socket: object = {}): IncomingMessage {
  return { headers, socket: { remoteAddress: '192.0.2.1', ...socket } } as unknown as IncomingMessage
}

/** A request with the cookie of a Set-Cookie. */
function returning(setCookie: string): IncomingMessage {
  return request({ cookie: setCookie.split(';')[0]! })
}

test('a cookie names its backend, to all who know the secret, whatever the order of backends', () => {
  const { sessions, backends } = make()
  const other = make().sessions
  for (const backend of backends) {
    const cookie = sessions.cookieFor(request(), backend)
    assert.match(cookie, /^xgw=[\w-]{22}; Path=\/; Max-Age=90; HttpOnly; SameSite=Lax$/)
    assert.equal(sessions.backendOf(returning(cookie)), backend)
    assert.equal(other.backendOf(returning(cookie))!.id, backend.id)
  }
})

test('it is another one for every backend, group and secret', () => {
  const cookies = [make(), make({ secret: 'another secret!!' }), make({}, { name: 'else' })].flatMap(
    ({ sessions, backends }) => backends.map((backend) => sessions.cookieFor(request(), backend))
  )
  assert.equal(new Set(cookies).size, 9)
})

test('one that is forged, foreign, cut or oversized names nobody', () => {
  const { sessions, backends } = make()
  const foreign = make({}, { name: 'else' })
  const valid = sessions.cookieFor(request(), backends[0]!).split(';')[0]!
  for (const cookie of [
    foreign.sessions.cookieFor(request(), foreign.backends[0]!).split(';')[0]!,
    valid.slice(0, -1),
    `${valid}x`,
    `${valid.slice(0, -1)}${valid.endsWith('A') ? 'B' : 'A'}`,
    valid.replace('xgw', 'XGW'),
    'xgw=',
    'xgw',
    'xgw=a:1',
    'xgw=__proto__',
    `xgw=${'x'.repeat(15_000)}`
  ])
    assert.equal(sessions.backendOf(request({ cookie })), undefined, cookie.slice(0, 60))
  assert.equal(sessions.backendOf(request()), undefined)
})

test('a valid one is found among others of its name', () => {
  const { sessions, backends } = make()
  const valid = sessions.cookieFor(request(), backends[1]!).split(';')[0]!
  assert.equal(sessions.backendOf(request({ cookie: `xgw=theirs; ${valid}; a=1` })), backends[1])
})

test('sessions of groups that share a name are kept beside each other', () => {
  const shop = make()
  const cart = make({}, { name: 'cart' })
  const first = shop.sessions.cookieFor(request(), shop.backends[0]!)
  const second = cart.sessions.cookieFor(returning(first), cart.backends[2]!)
  assert.deepEqual(shop.sessions.sessionOf(returning(second)), { backend: shop.backends[0], age: 1 })
  assert.deepEqual(cart.sessions.sessionOf(returning(second)), { backend: cart.backends[2], age: 0 })
  const moved = shop.sessions.cookieFor(returning(second), shop.backends[1]!)
  assert.equal(moved.split(';')[0]!.split('.').length, 2)
  assert.deepEqual(shop.sessions.sessionOf(returning(moved)), { backend: shop.backends[1], age: 0 })
  assert.deepEqual(cart.sessions.sessionOf(returning(moved)), { backend: cart.backends[2], age: 1 })
})

test('over TLS it is for TLS only, be that to a trusted proxy in front', () => {
  const { sessions, backends } = make()
  const isSecure = (headers: Record<string, string>, socket: object): boolean =>
    sessions.cookieFor(request(headers, socket), backends[0]!).endsWith('; SameSite=Lax; Secure')
  const trusted = { remoteAddress: '10.0.0.1' }
  assert.ok(isSecure({}, { encrypted: true }))
  assert.ok(isSecure({ 'x-forwarded-proto': 'https' }, trusted))
  assert.ok(isSecure({ 'x-forwarded-proto': 'HTTPS, http' }, trusted))
  assert.ok(!isSecure({ 'x-forwarded-proto': 'http' }, trusted))
  assert.ok(!isSecure({ 'x-forwarded-proto': 'httpsx' }, trusted))
  assert.ok(!isSecure({ 'x-forwarded-proto': 'https' }, {}))
  assert.ok(!isSecure({}, trusted))
})

test('a time to live is told in whole seconds', () => {
  const { sessions, backends } = make({ ttl: 1500, cookie: 'other' })
  assert.match(sessions.cookieFor(request(), backends[0]!), /^other=\S+; Path=\/; Max-Age=2; /)
})

test('a backend serves its sessions while it is draining, not when it is ill, ejected or disabled', () => {
  const { sessions, backends, setStatus } = make()
  const [backend] = backends
  const serves = (status: number): boolean => {
    setStatus(0, status)
    return sessions.mayServe(backend!)
  }
  assert.ok(sessions.mayServe(backend!))
  assert.ok(serves(STATUS.draining))
  assert.deepEqual([STATUS.ill, STATUS.ejected, STATUS.disabled].map(serves), [false, false, false])
})

test('in a panic an ill one serves them, but never a disabled one', () => {
  const { sessions, backends, setStatus } = make({}, { panicThreshold: 50 })
  setStatus(0, STATUS.ill)
  assert.ok(!sessions.mayServe(backends[0]!))
  setStatus(1, STATUS.ejected)
  assert.ok(sessions.mayServe(backends[0]!))
  assert.ok(sessions.mayServe(backends[1]!))
  setStatus(0, STATUS.ill | STATUS.disabled)
  assert.ok(!sessions.mayServe(backends[0]!))
})
