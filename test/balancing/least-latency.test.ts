import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exclusion } from '../../src/balancing/algorithm.ts'
import { LeastLatency } from '../../src/balancing/least-latency.ts'
import { ReferenceRound } from './references.ts'
import { between, oneOf, seeded } from './seeded.ts'
import { allBut, ANYBODY, only, poolOf, type Server, servers, tally } from './servers.ts'

/** An algorithm and its clock, which begins at 100,000. */
function leastLatency(places: number, random = seeded(1)) {
  const clock = { now: 100_000 }
  return { clock, algorithm: new LeastLatency<Server>({ places, random, now: () => clock.now }) }
}

/** Makes servers whose times to the first byte are these, in milliseconds, learned just now. */
function taking(...latencies: readonly number[]): Server[] {
  return servers(...latencies.map(() => 1)).map((server, place) => ({
    ...server,
    latency: latencies[place]! * 1000,
    latencyAt: 100_000,
    utilizationAt: 100_000
  }))
}

/** Expected time to the first byte × (in flight + 1) ÷ weight, from its definition. */
function costOf(server: Server, all: readonly Server[], now: number): number {
  // Ages are looked up in steps of 64 ms.
  const believedSince = (at: number): number => {
    const age = Math.floor((now - at) / 64) * 64
    return age < 8192 ? Math.exp(-((age / 2500) ** 2)) : 0
  }
  const knowing = all.filter(({ latency }) => latency > 0)
  const fresh = knowing.filter(({ latencyAt }) => believedSince(latencyAt) >= 0.5)
  const known = (fresh.length > 0 ? fresh : knowing).map(({ latency }) => latency)
  const median = known.toSorted((a, b) => a - b)[Math.ceil(known.length / 2) - 1] ?? 1
  const believed = believedSince(server.latencyAt)
  const isCold = server.latency === 0
  const expected = isCold ? median : believed * server.latency + (1 - believed) * median
  const load = server.utilization * believedSince(server.utilizationAt)
  return (expected * (server.inFlight + 1) * 1.05) / ((1.05 - load) * server.weight)
}

test('whatever is known, the pick is one of the least expected cost', () => {
  const random = seeded(14)
  for (let round = 0; round < 100; round++) {
    const most = round % 2 === 0 ? 1 : 9
    const all = servers(...Array.from({ length: between(random, 1, 8) }, () => between(random, 1, most)))
    const { algorithm, clock } = leastLatency(all.length)
    const turns = new ReferenceRound(all)
    for (let step = 0; step < 50; step++) {
      clock.now += between(random, 50, 3000)
      for (const server of all) {
        server.inFlight = between(random, 0, 3)
        if (random() < 0.5) continue
        server.latency = random() < 0.2 ? 0 : between(random, 1, 40) * 1000
        server.latencyAt = clock.now - between(random, 0, 500)
        server.utilization = oneOf(random, [0, 0, 0.5, 1])
        server.utilizationAt = clock.now - between(random, 0, 5000)
      }
      const accepted = random() < 0.7 ? all : all.filter(() => random() < 0.6)
      const costs = new Map(accepted.map((server) => [server, costOf(server, all, clock.now)]))
      const least = Math.min(...costs.values()) * (1 + 1e-9)
      const picked = algorithm.pick(poolOf(all), only(accepted))
      const tied = accepted.filter((server) => costs.get(server)! <= least)
      // Rounding may break a tie of two, nothing else: then it is one of them.
      assert.ok(accepted.length === 0 ? !picked : tied.includes(picked!), `round ${round}, step ${step}`)
      if (tied.length === 1) assert.equal(picked, turns.take(tied))
    }
  }
})

test('the faster one is picked, as long as it has not too many in flight', () => {
  const all = taking(10, 35)
  const { algorithm } = leastLatency(2)
  const names = Array.from({ length: 8 }, () => {
    const picked = algorithm.pick(poolOf(all), ANYBODY)!
    picked.inFlight++
    return picked.name
  })
  assert.equal(names.join(''), 'aaabaaab')
})

test('equal ones take turns, also in tiers that alternate', () => {
  const all = taking(10, 10, 10, 10).map((server, place) => ({ ...server, tier: place < 2 ? 0 : 1 }))
  const pools = [poolOf(all.slice(0, 2)), poolOf(all.slice(2))]
  const { algorithm } = leastLatency(4)
  const names = Array.from({ length: 8 }, (_, turn) => algorithm.pick(pools[turn % 2]!, ANYBODY)?.name)
  assert.equal(names.join(''), 'acbdacbd')
})

test('a weight of two may hold twice as many', () => {
  const all = servers(1, 2)
  const { algorithm } = leastLatency(2)
  for (let held = 0; held < 300; held++) algorithm.pick(poolOf(all), ANYBODY)!.inFlight++
  assert.deepEqual(
    all.map(({ inFlight }) => inFlight),
    [100, 200]
  )
})

test('a cold one is expected to be as fast as the median: it gets its share and no stampede', () => {
  const all = taking(10, 20, 30, 0)
  const { algorithm } = leastLatency(4)
  for (let held = 0; held < 46; held++) algorithm.pick(poolOf(all), ANYBODY)!.inFlight++
  const [fast, middle, slow, cold] = all.map(({ inFlight }) => inFlight)
  assert.ok(Math.abs(cold! - middle!) <= 1, `${cold} and ${middle}`)
  assert.ok(fast! > cold! && cold! > slow!)
})

test('as long as nothing is known it is the one with the fewest in flight', () => {
  const all = servers(1, 1, 1)
  for (const [index, inFlight] of [3, 1, 2].entries()) all[index]!.inFlight = inFlight
  assert.equal(leastLatency(3).algorithm.pick(poolOf(all), ANYBODY)?.name, 'b')
})

test('one that was slow is left alone for some seconds, then tried with one request at a time', () => {
  const all = taking(10, 10, 1000)
  for (const server of all.slice(0, 2)) server.inFlight = 1
  const { algorithm, clock } = leastLatency(3)
  const picks: (string | undefined)[] = []
  for (let second = 0; second < 20; second++) {
    clock.now = 100_000 + second * 1000
    for (const server of all.slice(0, 2)) server.latencyAt = clock.now
    const picked = algorithm.pick(poolOf(all), ANYBODY)!
    picks.push(picked.name)
    if (picked.name === 'c') picked.inFlight = 2
  }
  const first = picks.indexOf('c')
  assert.ok(first >= 5 && first <= 15, `after ${first} s`)
  assert.equal(tally(picks)['c'], 1)
})

test('one that says it is busy costs more, up to twenty times as much; what it said long ago is forgotten', () => {
  const all = taking(10, 10)
  const { algorithm, clock } = leastLatency(2)
  all[0]!.utilization = 1
  const heldBy = (): number => {
    all[1]!.inFlight = 0
    while (algorithm.pick(poolOf(all), ANYBODY) === all[1]) all[1]!.inFlight++
    return all[1]!.inFlight
  }
  assert.ok(Math.abs(heldBy() - 20) <= 1, `${heldBy()}`)
  all[0]!.utilization = 0.525
  assert.ok(heldBy() <= 2)
  all[0]!.utilization = 1
  clock.now += 20_000
  assert.ok(heldBy() <= 1)
})

test('the median is worked out anew after 50 ms, not at every pick', () => {
  const all = taking(10, 30, 0)
  const { algorithm, clock } = leastLatency(3)
  const pool = poolOf(all)
  assert.equal(algorithm.pick(pool, allBut('a'))?.name, 'c')
  // Now the median is 30, which in flight once more than b is too much.
  all[0]!.latency = 1_000_000
  all[2]!.inFlight = 1
  assert.equal(algorithm.pick(pool, allBut('a'))?.name, 'c')
  clock.now += 50
  assert.equal(algorithm.pick(pool, allBut('a'))?.name, 'b')
})

test('of more than 64 it looks at eight random ones, by weight', () => {
  const all = taking(...Array.from({ length: 100 }, (_, place) => 1 + place))
  const { algorithm } = leastLatency(100, seeded(15))
  let asked = 0
  const counting: Exclusion<Server> = { excludes: () => (asked++, false) }
  const ranks = Array.from({ length: 1000 }, () => algorithm.pick(poolOf(all), counting)!.place)
  assert.equal(asked, 8000)
  // The least of eight out of a hundred is at 10.7 on average.
  const mean = ranks.reduce((sum, rank) => sum + rank) / ranks.length
  assert.ok(mean > 9 && mean < 13, `${mean}`)

  const heavy = taking(...all.map(() => 10))
  const weights = heavy.map((_, place) => (place === 0 ? 99 : 1))
  for (let held = 0; held < 990; held++) algorithm.pick(poolOf(heavy, weights), ANYBODY)!.inFlight++
  assert.ok(heavy[0]!.inFlight > 450 && heavy[0]!.inFlight < 540, `${heavy[0]!.inFlight}`)
})

test('when most were slow they are tried again too: what nobody renews is not what is normal', () => {
  const all = taking(10, 1000, 1000)
  all[0]!.inFlight = 3
  const { algorithm, clock } = leastLatency(3)
  const picks: (string | undefined)[] = []
  for (let second = 0; second < 20; second++) {
    clock.now = 100_000 + second * 1000
    all[0]!.latencyAt = clock.now
    const picked = algorithm.pick(poolOf(all), ANYBODY)!
    picks.push(picked.name)
    if (picked !== all[0]) picked.inFlight = 4
  }
  assert.deepEqual(tally(picks), { a: 18, b: 1, c: 1 })
})

test('a latency that is a month old is forgotten, although its stamp has wrapped', () => {
  const all = taking(10, 1000, 10)
  all[1]!.latencyAt = (100_000 - 30 * 86_400_000) | 0
  for (const server of [all[0]!, all[2]!]) server.inFlight = 1
  assert.equal(leastLatency(3).algorithm.pick(poolOf(all), ANYBODY)?.name, 'b')
})

test('one that reports no load any more is not held to its last report, however often it answers', () => {
  const all = taking(10, 10)
  const { algorithm, clock } = leastLatency(2)
  all[0]!.utilization = 1
  all[0]!.utilizationAt = 100_000
  all[1]!.inFlight = 5
  assert.equal(algorithm.pick(poolOf(all), ANYBODY)?.name, 'b')
  clock.now += 20_000
  for (const server of all) server.latencyAt = clock.now
  assert.equal(algorithm.pick(poolOf(all), ANYBODY)?.name, 'a')
})
