import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAlgorithm } from '../../src/balancing/algorithms.ts'
import { Hash } from '../../src/balancing/hash.ts'
import { LeastConnections } from '../../src/balancing/least-connections.ts'
import { LeastLatency } from '../../src/balancing/least-latency.ts'
import { Random } from '../../src/balancing/random.ts'
import { RandomTwo } from '../../src/balancing/random-two.ts'
import { RoundRobin } from '../../src/balancing/round-robin.ts'
import { algorithmNames } from './algorithm-names.ts'
import { between, oneOf, seeded } from './seeded.ts'
import { ANYBODY, NOBODY, only, optionsFor, poolOf, type Server, servers } from './servers.ts'

test('every name of the configuration makes its algorithm', () => {
  const classes = algorithmNames.map((name) => createAlgorithm(name, optionsFor(1)).constructor)
  assert.deepEqual(classes, [RoundRobin, LeastConnections, LeastLatency, Random, RandomTwo, Hash, Hash])
})

test('two instances of one algorithm take turns of their own', () => {
  const pool = poolOf(servers(1, 1))
  const first = createAlgorithm<Server>('round-robin', optionsFor(2))
  const second = createAlgorithm<Server>('round-robin', optionsFor(2))
  assert.equal(first.pick(pool, ANYBODY, undefined)?.name, 'a')
  assert.equal(second.pick(pool, ANYBODY, undefined)?.name, 'a')
  assert.equal(first.pick(pool, ANYBODY, undefined)?.name, 'b')
})

for (const name of algorithmNames) {
  test(`${name}: nobody is picked of nobody, and the only one of one`, () => {
    const algorithm = createAlgorithm<Server>(name, optionsFor(3))
    const all = servers(1, 2, 3)
    for (const key of [undefined, 7]) {
      assert.equal(algorithm.pick(poolOf([]), ANYBODY, key), undefined)
      assert.equal(algorithm.pick(poolOf(all), NOBODY, key), undefined)
      assert.equal(algorithm.pick(poolOf([all[1]!]), ANYBODY, key)?.name, 'b')
      assert.equal(algorithm.pick(poolOf(all), only([all[2]!]), key)?.name, 'c')
    }
  })

  test(`${name}: whatever pools and exclusions come, the pick is one of those that it may be`, () => {
    const random = seeded(4)
    const all = servers(...Array.from({ length: 100 }, () => between(random, 1, 3)))
    let now = 100_000
    const algorithm = createAlgorithm<Server>(name, { places: 100, random, now: () => now })
    for (let round = 0; round < 200; round++) {
      const share = oneOf(random, [0.02, 0.5, 1])
      const candidates = all.filter(() => random() < share)
      const weights = candidates.map(({ weight }) => (random() < 0.3 ? weight * random() + 1e-6 : weight))
      const pool = poolOf(candidates, random() < 0.5 ? weights : candidates.map(() => 1))
      for (let step = 0; step < 10; step++) {
        now += between(random, 0, 100)
        for (const server of all) {
          server.inFlight = between(random, 0, 3)
          server.latency = between(random, 0, 3) * 1000
        }
        const accepted = candidates.filter(() => random() < share)
        const key = random() < 0.2 ? undefined : Math.floor(random() * 2 ** 32)
        const picked = algorithm.pick(pool, only(accepted), key)
        if (accepted.length === 0) assert.equal(picked, undefined)
        else assert.ok(picked && accepted.includes(picked), `round ${round}, step ${step}`)
      }
    }
  })

  test(`${name}: of ten thousand requests that are all held, each of a thousand backends gets some`, () => {
    const all = servers(...Array.from({ length: 1000 }, (_, place) => 1 + (place % 3)))
    const random = seeded(5)
    const pool = poolOf(all)
    const algorithm = createAlgorithm<Server>(name, optionsFor(1000, random))
    for (let held = 0; held < 10_000; held++) {
      algorithm.pick(pool, ANYBODY, Math.floor(random() * 2 ** 32))!.inFlight++
    }
    // Shares are 5, 10 and 15. Where chance alone decides, a few of the lightest go without: e^-5 of them.
    const isByChance = name === 'random' || name.includes('hash')
    const idle = all.filter(({ inFlight }) => inFlight === 0).length
    assert.ok(idle <= (isByChance ? 10 : 0), `${idle} have none`)
  })
}
