import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { hashText } from '../../src/balancing/hash-text.ts'
import { type Sessions, sessionsOf } from '../../src/forwarding/sessions.ts'
import { Split, type SplitOptions } from '../../src/forwarding/split.ts'
import { STATUS } from '../../src/balancing/candidate.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import type { UpstreamGroup } from '../../src/upstreams/group.ts'
import { seeded } from '../balancing/seeded.ts'
import { apply, group } from '../upstreams/groups.ts'

const AFFINITY = { cookie: 'xgw', ttl: 60_000, secret: 'a secret of this test' }
const NOTHING = { headers: {}, socket: {} } as IncomingMessage
const byUser = (request: IncomingMessage): number | undefined => {
  const user = request.headers['x-user']
  return typeof user === 'string' ? hashText(user) : undefined
}

interface Target {
  readonly group: UpstreamGroup
  readonly sessions: Sessions | undefined
}

/** Groups of two backends each. */
function targets(names: readonly string[], hasSessions = true): Target[] {
  const registry = new UpstreamRegistry()
  apply(
    registry,
    names.map((name) => group(name, [`${name}1:1`, `${name}2:1`])),
    1
  )
  return [...registry.groups.values()].map((made) => ({
    group: made,
    sessions: hasSessions ? sessionsOf(made, AFFINITY) : undefined
  }))
}

function splitOf(
  parts: readonly Target[],
  weights: readonly number[],
  options: Partial<SplitOptions> = {}
): Split<Target> {
  return new Split(
    parts.map((target, index) => ({ target, weight: weights[index]! })),
    { keyOf: undefined, random: seeded(1), ...options }
  )
}

/** How often each part is chosen. */
function counts(split: Split<Target>, requests: readonly IncomingMessage[]): number[] {
  const chosen = requests.map((request) => split.choose(request))
  return split.parts.map(({ target }) => chosen.filter((each) => each === target).length)
}

function users(count: number): IncomingMessage[] {
  return Array.from(
    { length: count },
    (_, user) => ({ headers: { 'x-user': `user-${user}` }, socket: {} }) as unknown as IncomingMessage
  )
}

const USERS = users(10_000)
const STRANGERS = Array.from({ length: 10_000 }, () => NOTHING)

/** Five standard deviations of a count. */
function spread(count: number, share: number): number {
  return 5 * Math.sqrt(count * share * (1 - share))
}

test('by chance each part gets its share', () => {
  const weights = [90, 10, 0]
  const got = counts(splitOf(targets(['a', 'b', 'c']), weights), STRANGERS)
  assert.equal(got[2], 0)
  assert.ok(Math.abs(got[1]! - 1000) < spread(10_000, 0.1), got.join(', '))
})

test('a random number chooses exactly', () => {
  const parts = targets(['a', 'b', 'c'])
  const chosen = [0, 0.4999, 0.5, 0.7499, 0.75, 0.9999].map(
    (point) => splitOf(parts, [2, 1, 1], { random: () => point }).choose(NOTHING).group.name
  )
  assert.deepEqual(chosen, ['a', 'a', 'b', 'b', 'c', 'c'])
})

test('one part gets everything, and so does the first where none has a weight', () => {
  assert.equal(splitOf(targets(['a']), [0], { keyOf: byUser }).choose(USERS[0]!).group.name, 'a')
  assert.deepEqual(counts(splitOf(targets(['a', 'b']), [0, 0], { keyOf: byUser }), USERS), [10_000, 0])
})

test('by a key each part gets its share, each user the same part, and none goes where the weight is 0', () => {
  const split = splitOf(targets(['stable', 'canary', 'none']), [80, 20, 0], { keyOf: byUser })
  const chosen = USERS.map((request) => split.choose(request))
  assert.deepEqual(
    USERS.map((request) => split.choose(request)),
    chosen
  )
  const got = counts(split, USERS)
  assert.equal(got[2], 0)
  assert.ok(Math.abs(got[1]! - 2000) < spread(10_000, 0.2), got.join(', '))
})

test('a user without the key goes by chance', () => {
  const split = splitOf(targets(['stable', 'canary']), [50, 50], { keyOf: byUser })
  const got = counts(split, STRANGERS)
  assert.ok(Math.abs(got[0]! - 5000) < spread(10_000, 0.5), got.join(', '))
  assert.equal(split.explain(NOTHING).reason, 'chance')
  assert.equal(split.explain(USERS[0]!).reason, 'key')
})

test('a change of weights moves as many users as it asks for, and only to where the share grows', () => {
  const parts = targets(['stable', 'canary'])
  let before = splitOf(parts, [100, 0], { keyOf: byUser })
  for (const [canary, asked] of [
    [1, 100],
    [5, 400],
    [10, 500],
    [50, 4000],
    [100, 5000]
  ] as const) {
    const after = splitOf(parts, [100 - canary, canary], { keyOf: byUser })
    const moved = USERS.filter((request) => before.choose(request) !== after.choose(request))
    assert.ok(moved.every((request) => after.choose(request) === parts[1]))
    assert.ok(Math.abs(moved.length - asked) < spread(10_000, asked / 10_000), `${canary}: ${moved.length}`)
    before = after
  }
})

test('the same shares in other numbers, or in another order, move nobody', () => {
  const parts = targets(['stable', 'canary', 'third'])
  const before = splitOf(parts, [90, 8, 2], { keyOf: byUser })
  const scaled = splitOf(parts, [45, 4, 1], { keyOf: byUser })
  const turned = splitOf(parts.toReversed(), [2, 8, 90], { keyOf: byUser })
  for (const request of USERS) {
    assert.equal(scaled.choose(request), before.choose(request))
    assert.equal(turned.choose(request), before.choose(request))
  }
})

test('a part that is new takes its share from all, a part that goes gives its own to all', () => {
  const parts = targets(['a', 'b', 'c'])
  const two = splitOf(parts.slice(0, 2), [1, 1], { keyOf: byUser })
  const three = splitOf(parts, [1, 1, 1], { keyOf: byUser })
  const moved = USERS.filter((request) => two.choose(request) !== three.choose(request))
  assert.ok(moved.every((request) => three.choose(request) === parts[2]))
  assert.ok(Math.abs(moved.length - 3333) < spread(10_000, 1 / 3), String(moved.length))
})

/** A request with the session of a backend. */
function withSession({ sessions, group }: Target, place: number, before = NOTHING): IncomingMessage {
  const cookie = sessions!.cookieFor(before, group.backends[place]!).split(';')[0]
  return { headers: { cookie }, socket: {} } as unknown as IncomingMessage
}

test('a session stays at its part, be its weight 0', () => {
  const parts = targets(['stable', 'canary'])
  const split = splitOf(parts, [100, 0])
  for (const place of [0, 1]) {
    const request = withSession(parts[1]!, place)
    assert.deepEqual(split.explain(request), { target: parts[1], reason: 'session' })
  }
})

test('a session whose backend may not serve it goes by chance, one at a drained backend stays', () => {
  const parts = targets(['stable', 'canary'])
  const split = splitOf(parts, [100, 0])
  const [, canary] = parts
  canary!.group.backends[0]!.setStatus(STATUS.draining)
  assert.equal(split.choose(withSession(canary!, 0)), canary)
  canary!.group.backends[0]!.setStatus(STATUS.draining | STATUS.ill)
  assert.deepEqual(split.explain(withSession(canary!, 0)), { target: parts[0], reason: 'chance' })
})

test('of sessions at several parts the one that was used last counts', () => {
  const parts = targets(['stable', 'canary'])
  const split = splitOf(parts, [50, 50])
  const atCanary = withSession(parts[1]!, 0, withSession(parts[0]!, 1))
  assert.equal(split.choose(atCanary), parts[1])
  assert.equal(split.choose(withSession(parts[0]!, 1, atCanary)), parts[0])
})

test('a key decides before a session; without a key the session does', () => {
  const parts = targets(['stable', 'canary'])
  const split = splitOf(parts, [100, 0], { keyOf: byUser })
  const { headers } = withSession(parts[1]!, 0)
  const withKey = { headers: { ...headers, 'x-user': '1' }, socket: {} } as unknown as IncomingMessage
  assert.deepEqual(split.explain(withKey), { target: parts[0], reason: 'key' })
  assert.deepEqual(split.explain(withSession(parts[1]!, 0)), { target: parts[1], reason: 'session' })
})
