import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RandomTwo } from '../../src/balancing/random-two.ts'
import { Random } from '../../src/balancing/random.ts'
import { ReferenceDraw } from './references.ts'
import { between, seeded } from './seeded.ts'
import { allBut, ANYBODY, only, optionsFor, picksOf, poolOf, type Server, servers, tally } from './servers.ts'

/** A group of which each pick may have a part only. */
function* rounds(): Generator<{ seed: number; all: Server[]; offered: Server[][] }> {
  const random = seeded(7)
  for (let seed = 0; seed < 100; seed++) {
    const most = seed % 3 === 0 ? 1 : seed % 3 === 1 ? 5 : 1000
    const all = servers(...Array.from({ length: between(random, 1, 7) }, () => between(random, 1, most)))
    const offered = Array.from({ length: 50 }, () =>
      random() < 0.4 ? all : all.filter(() => random() < 0.5)
    )
    yield { seed, all, offered }
  }
}

test('random: with the same chance the picks are those of a model', () => {
  for (const { seed, all, offered } of rounds()) {
    const algorithm = new Random<Server>(optionsFor(all.length, seeded(seed)))
    const reference = new ReferenceDraw(all, seeded(seed))
    const pool = poolOf(all)
    for (const [step, each] of offered.entries()) {
      assert.equal(
        algorithm.pick(pool, only(each))?.name,
        reference.take(each)?.name,
        `round ${seed}, step ${step}`
      )
    }
  }
})

test('random-two: with the same chance the picks are those of a model', () => {
  for (const { seed, all, offered } of rounds()) {
    const algorithm = new RandomTwo<Server>(optionsFor(all.length, seeded(seed)))
    const reference = new ReferenceDraw(all, seeded(seed))
    const pool = poolOf(all)
    for (const [step, each] of offered.entries()) {
      const first = reference.take(each)
      const second = first && reference.take(each.filter((server) => server !== first))
      const [expected] = [first, second]
        .filter((server) => server !== undefined)
        .toSorted((a, b) => a.inFlight / a.weight - b.inFlight / b.weight)
      const picked = algorithm.pick(pool, only(each))
      assert.equal(picked?.name, expected?.name, `round ${seed}, step ${step}`)
      if (picked) picked.inFlight++
    }
  }
})

test('random: each has its share, also of what is left when others are out', () => {
  const algorithm = new Random<Server>(optionsFor(4, seeded(8)))
  const pool = poolOf(servers(1, 2, 3, 994))
  const few = tally(picksOf(algorithm, pool, 12_000, allBut('d')))
  for (const [name, share] of [
    ['a', 2000],
    ['b', 4000],
    ['c', 6000]
  ] as const) {
    // Three standard deviations are less than 170.
    assert.ok(Math.abs(few[name]! - share) < 200, `${name} has ${few[name]}`)
  }
  const all = tally(picksOf(algorithm, pool, 100_000))
  assert.ok(Math.abs(all['d']! - 99_400) < 100 && all['a']! > 50 && all['a']! < 160, JSON.stringify(all))
})

test('random: one that warms up has its share, and its whole weight in the next pool', () => {
  const algorithm = new Random<Server>(optionsFor(2, seeded(9)))
  const all = servers(1, 1)
  const cold = tally(picksOf(algorithm, poolOf(all, [1, 0.25]), 10_000))
  assert.ok(Math.abs(cold['b']! - 2000) < 200, JSON.stringify(cold))
  const warm = tally(picksOf(algorithm, poolOf(all), 10_000))
  assert.ok(Math.abs(warm['b']! - 5000) < 200, JSON.stringify(warm))
})

test('random-two: of two it is always the one with fewer in flight for its weight', () => {
  const all = servers(1, 3)
  const algorithm = new RandomTwo<Server>(optionsFor(2))
  const pool = poolOf(all)
  all[0]!.inFlight = 2
  all[1]!.inFlight = 5
  assert.deepEqual(tally(picksOf(algorithm, pool, 100)), { b: 100 })
  all[1]!.inFlight = 7
  assert.deepEqual(tally(picksOf(algorithm, pool, 100)), { a: 100 })
})

test('random-two: loads of many stay closer together than by chance', () => {
  const most = (algorithm: Random<Server> | RandomTwo<Server>): number => {
    const all = servers(...Array.from({ length: 100 }, () => 1))
    const pool = poolOf(all)
    for (let held = 0; held < 1000; held++) algorithm.pick(pool, ANYBODY)!.inFlight++
    return Math.max(...all.map(({ inFlight }) => inFlight))
  }
  const byChance = most(new Random(optionsFor(100, seeded(10))))
  const ofTwo = most(new RandomTwo(optionsFor(100, seeded(10))))
  assert.ok(ofTwo <= 13 && byChance >= 16, `${ofTwo} of two, ${byChance} by chance`)
})
