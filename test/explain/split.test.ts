import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBlocks } from '../../src/address-blocks.ts'
import type { RouteConfig } from '../../src/config/types.ts'
import { requestHead, requestMessage } from '../../src/explain/request.ts'
import { type ChosenGroup, explainSplit } from '../../src/explain/split.ts'
import { sessionsOf } from '../../src/forwarding/sessions.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { route } from '../routing/routes.ts'
import { apply, group } from '../upstreams/groups.ts'

const affinity = { cookie: 'xgw', ttl: 60_000, secret: 'a secret of the test' }
const registry = new UpstreamRegistry()
apply(registry, [group('stable', ['a']), group('canary', ['b'], { affinity })], 1)

function choose(more: Partial<RouteConfig>, headers: Record<string, string> = {}): ChosenGroup {
  const request = requestMessage(requestHead({ method: 'GET', url: '/', headers }), undefined)
  return explainSplit(registry.groups, route('/', more), request, addressBlocks([]))
}

const PARTS = {
  upstream: [
    { group: 'stable', weight: 90 },
    { group: 'canary', weight: 10 }
  ]
}
const BY_USER = { ...PARTS, splitBy: { from: 'header', name: 'x-user-id' } as const }

test('a route to one group has no split', () => {
  const { group: chosen, split } = choose({ upstream: 'canary' })
  assert.deepEqual([chosen.name, split], ['canary', null])
})

test('by chance the likeliest part is shown', () => {
  const { group: chosen, split } = choose(PARTS)
  assert.equal(chosen.name, 'stable')
  assert.deepEqual(split, {
    reason: 'chance',
    key: null,
    parts: [
      { group: 'stable', weight: 90, share: 0.9, chosen: true },
      { group: 'canary', weight: 10, share: 0.1, chosen: false }
    ]
  })
})

test('a key decides, always in the same way; without it chance does', () => {
  assert.deepEqual(choose(BY_USER).split!.reason, 'chance')
  assert.equal(choose(BY_USER).split!.key, 'header:x-user-id')
  const of = (user: number) => choose(BY_USER, { 'x-user-id': String(user) })
  const users = Array.from({ length: 200 }, (_, user) => user)
  const chosen = users.map((user) => of(user).group.name)
  assert.deepEqual(
    users.map((user) => of(user).group.name),
    chosen
  )
  assert.deepEqual([...new Set(chosen)].toSorted(), ['canary', 'stable'])
  assert.equal(of(1).split!.reason, 'key')
})

test('a session decides where no key does, as long as its backend may serve', () => {
  const canary = registry.groups.get('canary')!
  const nothing = requestMessage(requestHead({ method: 'GET', url: '/', headers: {} }), undefined)
  const [value] = sessionsOf(canary, affinity).cookieFor(nothing, canary.backends[0]!).split(';')
  const cookie = value!
  for (const parts of [PARTS, BY_USER]) {
    const { group: chosen, split } = choose(parts, { cookie })
    assert.deepEqual([chosen.name, split!.reason], ['canary', 'session'])
  }
  assert.equal(choose(BY_USER, { cookie, 'x-user-id': '1' }).split!.reason, 'key')
  registry.setState('canary', 'b:80', 'disabled')
  assert.deepEqual(choose(PARTS, { cookie }).split!.reason, 'chance')
})
