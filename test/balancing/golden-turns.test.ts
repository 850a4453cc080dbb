import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GoldenTurns } from '../../src/balancing/golden-turns.ts'
import { LeastConnections } from '../../src/balancing/least-connections.ts'
import { quickRandom } from '../../src/balancing/quick-random.ts'
import { RoundRobin } from '../../src/balancing/round-robin.ts'
import { WeightedIndex } from '../../src/balancing/weighted-index.ts'
import { between, seeded } from './seeded.ts'
import { ANYBODY, only, optionsFor, poolOf, type Server, servers } from './servers.ts'

/** A thousand, of weights 1 to 9. */
const MANY = servers(...Array.from({ length: 1000 }, (_, place) => 1 + (place % 9)))
const TOTAL = MANY.reduce((sum, { weight }) => sum + weight, 0)

test('a point belongs to whoever has that part of the weights', () => {
  const random = seeded(16)
  const index = new WeightedIndex<Server>()
  for (let round = 0; round < 200; round++) {
    const most = round % 2 === 0 ? 1 : 9
    const all = servers(...Array.from({ length: between(random, 1, 12) }, () => between(random, 1, most)))
    const pool = poolOf(all)
    const parts = all.flatMap(({ place, weight }) => Array.from({ length: weight }, () => place))
    const at = (point: number): number => {
      index.point = point
      return index.find(pool)
    }
    for (const [part, place] of parts.entries()) assert.equal(at((part + 0.5) / parts.length), place)
    assert.equal(at(0), 0)
    assert.equal(at(1 - 2 ** -53), all.length - 1)
  }
})

test('golden turns give everybody its weight at every moment, and at even distances', () => {
  const turns = new GoldenTurns<Server>()
  const pool = poolOf(MANY)
  const counts = MANY.map(() => 0)
  for (let turn = 1; turn <= 20 * TOTAL; turn++) {
    counts[turns.next(pool)]!++
    if (turn % TOTAL !== 0) continue
    for (const { place, weight } of MANY) {
      const expected = (turn / TOTAL) * weight
      assert.ok(Math.abs(counts[place]! - expected) <= 5, `${counts[place]} of ${expected} at turn ${turn}`)
    }
  }
})

test('round-robin of many keeps to the weights, also of those that are left', () => {
  const algorithm = new RoundRobin<Server>(optionsFor(1000))
  const pool = poolOf(MANY)
  const left = new Set(MANY.filter(({ place }) => place % 2 === 0))
  const counts = MANY.map(() => 0)
  for (let turn = 0; turn < 10 * TOTAL; turn++) {
    counts[algorithm.pick(pool, { excludes: (server) => !left.has(server) })!.place]!++
  }
  for (const { place, weight } of left) {
    assert.ok(counts[place]! > 14 * weight && counts[place]! < 26 * weight, `${counts[place]} of ${weight}`)
  }
  assert.ok(MANY.every((server) => left.has(server) || counts[server.place] === 0))
  assert.equal(algorithm.pick(pool, only([MANY[500]!])), MANY[500])
})

test('least-connections of many picks somebody idle as long as there is one, then the least', () => {
  const all = servers(...MANY.map(({ weight }) => weight))
  const algorithm = new LeastConnections<Server>(optionsFor(1000))
  const pool = poolOf(all)
  for (let held = 0; held < 1000; held++) {
    const picked = algorithm.pick(pool, ANYBODY)!
    assert.equal(picked.inFlight, 0)
    picked.inFlight++
  }
  for (let held = 1000; held < 2000; held++) {
    const least = Math.min(...all.map(({ inFlight, weight }) => inFlight / weight))
    const picked = algorithm.pick(pool, ANYBODY)!
    assert.equal(picked.inFlight / picked.weight, least)
    picked.inFlight++
  }
})

test('idle ones of many are picked as their weights say', () => {
  const algorithm = new LeastConnections<Server>(optionsFor(1000))
  const pool = poolOf(MANY)
  const counts = MANY.map(() => 0)
  for (let turn = 0; turn < 10 * TOTAL; turn++) counts[algorithm.pick(pool, ANYBODY)!.place]!++
  for (const { place, weight } of MANY) assert.ok(Math.abs(counts[place]! - 10 * weight) < 3)
})

test('quick randomness is even and repeatable', () => {
  const random = quickRandom(17)
  const counts = Array.from({ length: 16 }, () => 0)
  for (let draw = 0; draw < 160_000; draw++) counts[Math.floor(random() * 16)]!++
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${count}`)
  const [first, second] = [quickRandom(1), quickRandom(1)]
  for (let draw = 0; draw < 10; draw++) assert.equal(first(), second())
})
