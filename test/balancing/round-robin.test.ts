import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RoundRobin } from '../../src/balancing/round-robin.ts'
import { ReferenceRound, ReferenceTurns } from './references.ts'
import { between, seeded } from './seeded.ts'
import {
  allBut,
  alikeServers,
  ANYBODY,
  NOBODY,
  only,
  optionsFor,
  picksOf,
  poolOf,
  type Server,
  servers,
  tally
} from './servers.ts'

function roundRobin(places: number): RoundRobin<Server> {
  return new RoundRobin(optionsFor(places))
}

test('weights 5:1:1 give a a b a c a a, and again', () => {
  assert.equal(picksOf(roundRobin(3), poolOf(servers(5, 1, 1)), 14).join(' '), 'a a b a c a a a a b a c a a')
})

test('equal weights go round in the order given', () => {
  assert.equal(picksOf(roundRobin(3), poolOf(servers(1, 1, 1)), 7).join(''), 'abcabca')
  assert.equal(picksOf(roundRobin(3), poolOf(servers(1000, 1000, 1000)), 7).join(''), 'abcabca')
})

test('any weights and any exclusions give the turns that nginx gives', () => {
  const random = seeded(1)
  for (let round = 0; round < 200; round++) {
    const all = servers(...Array.from({ length: between(random, 2, 8) }, () => between(random, 1, 1000)))
    const pool = poolOf(all)
    if (pool.isEven) continue
    const algorithm = roundRobin(all.length)
    const reference = new ReferenceTurns()
    for (let turn = 0; turn < 100; turn++) {
      const offered = random() < 0.5 ? all : all.filter(() => random() < 0.6)
      const picked = algorithm.pick(pool, only(offered))
      assert.equal(picked?.name, reference.take(offered)?.name, `round ${round}, turn ${turn}`)
    }
  }
})

test('equal weights and any exclusions give the next one behind the last pick', () => {
  const random = seeded(2)
  for (let round = 0; round < 100; round++) {
    const all = alikeServers(between(random, 1, 8))
    const algorithm = roundRobin(all.length)
    const reference = new ReferenceRound(all)
    for (let turn = 0; turn < 100; turn++) {
      // Sometimes it is the pool that lacks somebody.
      const members = random() < 0.5 ? all : all.filter(() => random() < 0.7)
      const offered = members.filter(() => random() < 0.7)
      const picked = algorithm.pick(poolOf(members), only(offered))
      assert.equal(picked?.name, reference.take(offered)?.name, `round ${round}, turn ${turn}`)
    }
  }
})

test('a whole cycle gives every candidate exactly its weight', () => {
  const random = seeded(3)
  for (let round = 0; round < 50; round++) {
    const all = servers(...Array.from({ length: between(random, 2, 6) }, () => between(random, 1, 20)))
    const total = all.reduce((sum, { weight }) => sum + weight, 0)
    const algorithm = roundRobin(all.length)
    for (let cycle = 0; cycle < 2; cycle++) {
      const expected = Object.fromEntries(all.map(({ name, weight }) => [name, weight]))
      assert.deepEqual(tally(picksOf(algorithm, poolOf(all), total)), expected)
    }
  }
})

test('while one is ill the others keep their proportions, and afterwards all do', () => {
  const algorithm = roundRobin(3)
  const pool = poolOf(servers(5, 3, 2))
  assert.deepEqual(tally(picksOf(algorithm, pool, 100)), { a: 50, b: 30, c: 20 })
  assert.deepEqual(tally(picksOf(algorithm, pool, 100, allBut('a'))), { b: 60, c: 40 })
  assert.deepEqual(tally(picksOf(algorithm, pool, 100)), { a: 50, b: 30, c: 20 })
})

test('a candidate that comes back is not flooded with the turns that it missed', () => {
  for (const weights of [
    [1, 1, 1],
    [1, 1, 2]
  ]) {
    const algorithm = roundRobin(3)
    const pool = poolOf(servers(...weights))
    picksOf(algorithm, pool, 1000, allBut('a'))
    assert.equal(
      tally(
        picksOf(
          algorithm,
          pool,
          weights.reduce((sum, each) => sum + each)
        )
      )['a'],
      1
    )
  }
})

test('one that warms up has its share of the turns, and its whole weight once it is warm', () => {
  const algorithm = roundRobin(3)
  const all = servers(1, 1, 1)
  assert.deepEqual(tally(picksOf(algorithm, poolOf(all, [1, 1, 0.5]), 100)), { a: 40, b: 40, c: 20 })
  assert.deepEqual(tally(picksOf(algorithm, poolOf(all), 99)), { a: 33, b: 33, c: 33 })
})

test('tiers take turns of their own, however their picks alternate', () => {
  const all = servers(1, 1, 1, 1).map((server, place) => ({ ...server, tier: place < 2 ? 0 : 1 }))
  const pools = [poolOf(all.slice(0, 2)), poolOf(all.slice(2))]
  const algorithm = roundRobin(4)
  const names = Array.from({ length: 8 }, (_, turn) => algorithm.pick(pools[turn % 2]!, ANYBODY)?.name)
  assert.equal(names.join(''), 'acbdacbd')
})

test('a second pick without the first one goes to another', () => {
  const algorithm = roundRobin(3)
  const pool = poolOf(servers(2, 1, 1))
  const picks = Array.from({ length: 400 }, () => {
    const first = algorithm.pick(pool, ANYBODY)
    const second = algorithm.pick(pool, allBut(first?.name ?? ''))
    assert.notEqual(second?.name, first?.name)
    return first?.name
  })
  const counts = tally(picks)
  for (const [name, share] of [
    ['a', 200],
    ['b', 100],
    ['c', 100]
  ] as const) {
    assert.ok(Math.abs((counts[name] ?? 0) - share) <= share / 2, `${name} has ${counts[name]}`)
  }
})

test('a pick with nobody accepted takes no turn', () => {
  const algorithm = roundRobin(3)
  const pool = poolOf(servers(5, 1, 1))
  assert.equal(algorithm.pick(pool, NOBODY), undefined)
  assert.equal(picksOf(algorithm, pool, 3).join(''), 'aab')
  assert.equal(algorithm.pick(pool, NOBODY), undefined)
  assert.equal(picksOf(algorithm, pool, 4).join(''), 'acaa')
})
