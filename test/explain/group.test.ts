import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBlocks } from '../../src/address-blocks.ts'
import type { BackendConfig, UpstreamGroupConfig } from '../../src/config/types.ts'
import type { ExplainedGroup } from '../../src/explain.ts'
import { explainGroup } from '../../src/explain/group.ts'
import { type ExplainRequest, requestHead, requestMessage } from '../../src/explain/request.ts'
import { sessionsOf } from '../../src/forwarding/sessions.ts'
import { sharedNow, stamp } from '../../src/shared-clock.ts'
import type { UpstreamGroup } from '../../src/upstreams/group.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, check, group } from '../upstreams/groups.ts'

interface Shop {
  readonly registry: UpstreamRegistry
  readonly group: UpstreamGroup
  readonly ask: (request?: Partial<ExplainRequest>) => ExplainedGroup
  /** Of each backend: whether it is accepted, and why. */
  readonly verdicts: (request?: Partial<ExplainRequest>) => [id: string, accepted: boolean, reason: string][]
  readonly fallIll: (id: string) => void
}

/** A group `shop` with backends as given. */
function shop(
  backends: readonly (Partial<BackendConfig> & { url: string })[],
  more: Partial<UpstreamGroupConfig> = {}
): Shop {
  const registry = new UpstreamRegistry()
  const filled = backends.map((backend) => ({ weight: 1, tier: 0, maxInFlight: 0, ...backend }))
  apply(registry, [group('shop', [], { backends: filled, healthCheck: check(), ...more })], 1)
  const made = registry.groups.get('shop')!
  const ask = ({ method = 'GET', url = '/', headers = {}, client }: Partial<ExplainRequest> = {}) =>
    explainGroup(
      { registry, trusted: addressBlocks(['10.0.0.0/8']) },
      made,
      requestMessage(requestHead({ method, url, headers }), client)
    )
  return {
    registry,
    group: made,
    ask,
    verdicts: (request) =>
      ask(request).backends.map(({ id, accepted, reason }) => [id.replace(':80', ''), accepted, reason]),
    fallIll: (id) =>
      registry.observe({ group: 'shop', id: `${id}:80`, healthy: false, reason: 'connect_refused' })
  }
}

const NOTHING = requestMessage(requestHead({ method: 'GET', url: '/', headers: {} }), undefined)
const a = { url: 'http://a' }
const b = { url: 'http://b' }

test('those who may have new traffic say so with their health, and their shares are those of their weights', () => {
  const { ask, verdicts } = shop([a, { ...b, weight: 3 }])
  assert.deepEqual(verdicts(), [
    ['a', true, 'initial'],
    ['b', true, 'initial']
  ])
  assert.deepEqual(
    ask().backends.map(({ share }) => share),
    [0.25, 0.75]
  )
  assert.equal(ask().outcome, 'forward')
})

test('one that an operator took out says so before its health, which is beside it', () => {
  const { registry, verdicts, ask, fallIll } = shop([a, b, { url: 'http://c' }])
  registry.setState('shop', 'a:80', 'draining')
  registry.setState('shop', 'b:80', 'disabled')
  fallIll('b')
  assert.deepEqual(verdicts(), [
    ['a', false, 'draining'],
    ['b', false, 'disabled'],
    ['c', true, 'initial']
  ])
  const [, second] = ask().backends
  assert.deepEqual(
    [second!.state, second!.health, second!.healthReason],
    ['disabled', 'unhealthy', 'connect_refused']
  )
})

test('weight 0 and a full one are rejected, each with its reason', () => {
  const { registry, verdicts } = shop([{ ...a, weight: 0 }, { ...b, maxInFlight: 1 }, { url: 'http://c' }])
  assert.equal(registry.find('shop', 'b:80')!.acquire(), true)
  assert.deepEqual(verdicts(), [
    ['a', false, 'weight_zero'],
    ['b', false, 'at_capacity'],
    ['c', true, 'initial']
  ])
})

test('a spare tier waits; what spills over to it says so', () => {
  const { ask, verdicts, fallIll } = shop([a, b, { url: 'http://c', tier: 1 }])
  assert.deepEqual(verdicts(), [
    ['a', true, 'initial'],
    ['b', true, 'initial'],
    ['c', false, 'spare_tier']
  ])
  fallIll('a')
  assert.deepEqual(verdicts(), [
    ['a', false, 'ill'],
    ['b', true, 'initial'],
    ['c', true, 'spilled']
  ])
  assert.deepEqual(
    ask().tiers.map(({ tier, share }) => [tier, Math.round(share * 10) / 10]),
    [
      [0, 0.7],
      [1, 0.3]
    ]
  )
})

test('in a panic all are used, and say so', () => {
  const { ask, verdicts, fallIll } = shop([a, b], { panicThreshold: 60 })
  assert.equal(ask().panic, false)
  fallIll('a')
  assert.equal(ask().panic, true)
  assert.deepEqual(verdicts(), [
    ['a', true, 'panic'],
    ['b', true, 'panic']
  ])
})

test('nobody well, all full, a line to wait in and an open breaker are outcomes of their own', () => {
  const ill = shop([a])
  ill.fallIll('a')
  assert.equal(ill.ask().outcome, 'no_usable_backend')

  const full = shop([{ ...a, maxInFlight: 1 }])
  full.registry.find('shop', 'a:80')!.acquire()
  assert.equal(full.ask().outcome, 'at_capacity')

  const queued = shop([{ ...a, maxInFlight: 1 }], { queue: { max: 1, timeout: 1000 } })
  queued.registry.find('shop', 'a:80')!.acquire()
  assert.deepEqual([queued.ask().outcome, queued.ask().waiting], ['queued', 0])
  queued.group.live.addWaiting(1)
  assert.deepEqual([queued.ask().outcome, queued.ask().waiting], ['at_capacity', 1])

  const circuitBreaker = { failurePercent: 50, minRequests: 20, window: 10_000, openFor: 5000 }
  const broken = shop([a], { circuitBreaker })
  assert.deepEqual([broken.ask().outcome, broken.ask().breaker], ['forward', 'closed'])
  broken.group.live.setBreaker('open', stamp(sharedNow() + 5000))
  assert.deepEqual([broken.ask().outcome, broken.ask().breaker], ['circuit_open', 'open'])
  broken.group.live.setBreaker('half-open')
  assert.deepEqual([broken.ask().outcome, broken.ask().breaker], ['forward', 'half-open'])
})

test('a balancer by a key says whether the request has it, and who has it then: always the same one', () => {
  const hosts = ['a', 'b', 'c', 'd'].map((host) => ({ url: `http://${host}` }))
  const { ask, fallIll } = shop(hosts, {
    balancing: { algorithm: 'hash', key: { from: 'header', name: 'x-user-id' } }
  })
  assert.deepEqual(ask().key, { from: 'header:x-user-id', present: false, backend: null })
  const keyed = (user: string): string | null => ask({ headers: { 'x-user-id': user } }).key!.backend
  const users = Array.from({ length: 30 }, (_, index) => `user-${index}`)
  const before = users.map(keyed)
  assert.deepEqual(users.map(keyed), before)
  assert.ok(new Set(before).size > 1, 'not all keys go to one')
  fallIll('a')
  users.map(keyed).forEach((backend, index) => {
    if (before[index] !== 'a:80') assert.equal(backend, before[index], 'who was not at the ill one stays')
    else assert.notEqual(backend, 'a:80')
  })
})

test('what goes by the address of the client needs one', () => {
  const { ask } = shop([a, b], { balancing: { algorithm: 'ip-hash', key: { from: 'ip' } } })
  assert.deepEqual(ask().key, { from: 'ip', present: false, backend: null })
  const key = ask({ client: '192.0.2.1' }).key!
  assert.equal(key.present, true)
  assert.match(key.backend!, /^[ab]:80$/)
})

test('a session names its backend, which serves it while it is draining, but not when it is ill or disabled', () => {
  const affinity = { cookie: 'xgw', ttl: 60_000, secret: 'a secret of the test' }
  const { registry, group: made, ask, verdicts, fallIll } = shop([a, b], { affinity })
  const [value] = sessionsOf(made, affinity).cookieFor(NOTHING, made.backends[0]!).split(';')
  const withCookie = { headers: { cookie: `other=1; ${value}` } }
  const none = { cookie: 'xgw', backend: null, serves: false }
  assert.deepEqual(ask().session, { ...none, reason: 'no_cookie' })
  assert.deepEqual(ask({ headers: { cookie: 'xgw=forged' } }).session, { ...none, reason: 'unknown' })
  assert.deepEqual(ask(withCookie).session, {
    cookie: 'xgw',
    backend: 'a:80',
    serves: true,
    reason: 'affinity'
  })
  registry.setState('shop', 'a:80', 'draining')
  assert.deepEqual(verdicts(withCookie), [
    ['a', true, 'affinity'],
    ['b', true, 'initial']
  ])
  assert.deepEqual(verdicts(), [
    ['a', false, 'draining'],
    ['b', true, 'initial']
  ])
  registry.setState('shop', 'a:80', 'disabled')
  assert.deepEqual([ask(withCookie).session!.serves, ask(withCookie).session!.reason], [false, 'disabled'])
  registry.setState('shop', 'a:80', 'active')
  fallIll('a')
  assert.deepEqual([ask(withCookie).session!.serves, ask(withCookie).session!.reason], [false, 'ill'])
})

test('in a panic a session may stay at an ill backend, and only its cap keeps it from being served', () => {
  const affinity = { cookie: 'xgw', ttl: 60_000, secret: 'a secret of the test' }
  const capped = { ...a, maxInFlight: 1 }
  const { group: made, ask, fallIll } = shop([capped, b], { affinity, panicThreshold: 60 })
  const [value] = sessionsOf(made, affinity).cookieFor(NOTHING, made.backends[0]!).split(';')
  const session = () => ask({ headers: { cookie: value! } }).session!
  fallIll('a')
  assert.deepEqual([session().serves, session().reason], [true, 'affinity'])
  made.backends[0]!.acquire()
  assert.deepEqual([session().serves, session().reason], [false, 'at_capacity'])
})

test('an explanation counts and picks nothing', () => {
  const { ask, group: made } = shop([a, b], {
    balancing: { algorithm: 'hash', key: { from: 'path' } },
    queue: { max: 5, timeout: 1000 }
  })
  for (let turn = 0; turn < 10; turn++) ask()
  assert.deepEqual(
    made.backends.map(({ inFlight }) => inFlight),
    [0, 0]
  )
  assert.equal(made.live.waiting, 0)
})
