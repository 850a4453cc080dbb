import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeastConnections } from '../../src/balancing/least-connections.ts'
import { ReferenceRound, ReferenceTurns } from './references.ts'
import { between, oneOf, seeded } from './seeded.ts'
import {
  allBut,
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

function leastConnections(places: number): LeastConnections<Server> {
  return new LeastConnections(optionsFor(places))
}

function leastOf(all: readonly Server[], weightOf: (server: Server) => number): Server[] {
  const loads = all.map((server) => server.inFlight / weightOf(server))
  return all.filter((_, index) => loads[index] === Math.min(...loads))
}

test('the one with the fewest in flight is picked', () => {
  const all = servers(1, 1, 1)
  for (const [index, inFlight] of [3, 1, 2].entries()) all[index]!.inFlight = inFlight
  assert.equal(leastConnections(3).pick(poolOf(all), ANYBODY)?.name, 'b')
})

test('a weight of two may hold twice as many', () => {
  const all = servers(1, 2)
  const algorithm = leastConnections(2)
  for (let held = 0; held < 300; held++) algorithm.pick(poolOf(all), ANYBODY)!.inFlight++
  assert.deepEqual(
    all.map(({ inFlight }) => inFlight),
    [100, 200]
  )
})

test('one at half of its slow start may hold half as many', () => {
  const all = servers(1, 1, 1)
  const algorithm = leastConnections(3)
  for (let held = 0; held < 250; held++) algorithm.pick(poolOf(all, [1, 0.5, 1]), ANYBODY)!.inFlight++
  assert.deepEqual(
    all.map(({ inFlight }) => inFlight),
    [100, 50, 100]
  )
})

test('idle candidates tie, so they go round in smooth weighted turns', () => {
  const names = picksOf(leastConnections(3), poolOf(servers(5, 1, 1)), 14)
  assert.equal(names.join(' '), 'a a b a c a a a a b a c a a')
})

test('equal ones that tie are picked one after the other', () => {
  assert.equal(picksOf(leastConnections(3), poolOf(servers(2, 2, 2)), 7).join(''), 'abcabca')
})

test('only those that tie take part in a turn', () => {
  const all = servers(1, 1, 1)
  all[0]!.inFlight = 1
  assert.deepEqual(tally(picksOf(leastConnections(3), poolOf(all), 100)), { b: 50, c: 50 })
})

test('tiers take turns of their own, however their picks alternate', () => {
  const all = servers(1, 1, 1, 1).map((server, place) => ({ ...server, tier: place < 2 ? 0 : 1 }))
  const pools = [poolOf(all.slice(0, 2)), poolOf(all.slice(2))]
  const algorithm = leastConnections(4)
  const names = Array.from({ length: 8 }, (_, turn) => algorithm.pick(pools[turn % 2]!, ANYBODY)?.name)
  assert.equal(names.join(''), 'acbdacbd')
})

test('random requests that begin and end keep to a simple model', () => {
  const random = seeded(3)
  for (let round = 0; round < 200; round++) {
    const most = round % 2 === 0 ? 1 : 9
    const all = servers(...Array.from({ length: between(random, 1, 7) }, () => between(random, 1, most)))
    const pool = poolOf(all)
    const algorithm = leastConnections(all.length)
    const reference = pool.isEven ? new ReferenceRound(all) : new ReferenceTurns()
    const underWay: Server[] = []
    for (let step = 0; step < 200; step++) {
      if (underWay.length > 0 && random() < 0.45) {
        const [ended] = underWay.splice(between(random, 0, underWay.length - 1), 1)
        ended!.inFlight--
        continue
      }
      const accepted = random() < 0.7 ? all : all.filter(() => random() < 0.6)
      const picked = algorithm.pick(pool, only(accepted))
      const expected = reference.take(leastOf(accepted, ({ weight }) => weight))
      assert.equal(picked?.name, expected?.name, `round ${round}, step ${step}`)
      if (!picked) continue
      picked.inFlight++
      underWay.push(picked)
    }
  }
})

test('whatever the weights change to while requests are under way, it is the least by those of now', () => {
  const random = seeded(6)
  const all = servers(1, 2, 3, 4, 5)
  const algorithm = leastConnections(5)
  for (let step = 0; step < 2000; step++) {
    const weights = all.map(() => oneOf(random, [0.1, 1, 2, 1000]))
    const picked = algorithm.pick(poolOf(all, weights), ANYBODY)!
    assert.ok(leastOf(all, ({ place }) => weights[place]!).includes(picked), `step ${step}`)
    picked.inFlight++
    const ended = oneOf(random, all)
    if (ended.inFlight > 0) ended.inFlight--
  }
})

test('loads that only ever grow are never further apart than one request', () => {
  const all = servers(1, 1, 1, 1)
  const algorithm = leastConnections(4)
  for (let held = 1; held <= 41; held++) {
    algorithm.pick(poolOf(all), ANYBODY)!.inFlight++
    const loads = all.map(({ inFlight }) => inFlight)
    assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, `after ${held}: ${loads.join()}`)
  }
})

test('one that was tried is left out however little it has to do', () => {
  const all = servers(1, 1)
  all[1]!.inFlight = 50
  assert.equal(leastConnections(2).pick(poolOf(all), allBut('a'))?.name, 'b')
})

test('each load is read once in a pick, since other threads change it meanwhile', () => {
  for (const weights of [[1], [2, 1]]) {
    let reads = 0
    const moving = servers(...weights)
    Object.defineProperty(moving[0]!, 'inFlight', { get: () => reads++ })
    assert.ok(leastConnections(2).pick(poolOf(moving), ANYBODY))
    assert.equal(reads, 1)
  }
})

test('a pick with nobody accepted takes no turn', () => {
  const algorithm = leastConnections(2)
  const pool = poolOf(servers(1, 1))
  assert.equal(algorithm.pick(pool, ANYBODY)?.name, 'a')
  assert.equal(algorithm.pick(pool, NOBODY), undefined)
  assert.equal(algorithm.pick(pool, ANYBODY)?.name, 'b')
})

test('a retry is nobody’s turn: of two idle ones, one that fails has every other first attempt, not all', () => {
  for (const weights of [
    [1, 1],
    [1, 1, 2]
  ]) {
    const algorithm = leastConnections(weights.length)
    const pool = poolOf(servers(...weights))
    const firsts = Array.from({ length: 40 }, () => {
      const first = algorithm.pick(pool, ANYBODY)!
      if (first.name === 'a') algorithm.pick(pool, { ...allBut('a'), isRetry: true })
      return first.name
    })
    assert.equal(tally(firsts)['a'], 40 / weights.reduce((sum, weight) => sum + weight))
  }
})
