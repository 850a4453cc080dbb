import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashText, mix32 } from '../../src/balancing/hash-text.ts'
import { Hash } from '../../src/balancing/hash.ts'
import { between, oneOf, seeded } from './seeded.ts'
import {
  alikeServers,
  allBut,
  ANYBODY,
  only,
  optionsFor,
  picksOf,
  poolOf,
  type Server,
  servers,
  tally
} from './servers.ts'

const KEYS = Array.from({ length: 10_000 }, (_, index) => hashText(`client-${index}`))

function hash(places = 1000): Hash<Server> {
  return new Hash(optionsFor(places))
}

/** Who has which key while all are idle. */
function owners(all: readonly Server[], weights?: readonly number[]): (string | undefined)[] {
  const algorithm = hash()
  const pool = poolOf(all, weights)
  return KEYS.map((key) => algorithm.pick(pool, ANYBODY, key)?.name)
}

/** Those who may, in the order of the key: least -ln(u) ÷ weight first. */
function orderOf(key: number, all: readonly Server[], weightOf: (server: Server) => number): Server[] {
  const arrivals = new Map(
    all.map((server) => {
      const u = (mix32(key ^ server.seed) + 1) / 2 ** 32
      return [server, -Math.log(u) / weightOf(server)]
    })
  )
  return all.toSorted((a, b) => arrivals.get(a)! - arrivals.get(b)!)
}

test('whatever is in flight, the pick is the first in the order of the key that is below its bound', () => {
  const random = seeded(11)
  let moved = 0
  for (let round = 0; round < 100; round++) {
    const most = oneOf(random, [1, 3, 1000])
    const all = servers(...Array.from({ length: between(random, 1, 12) }, () => between(random, 1, most)))
    const pool = poolOf(all)
    const weights = all.reduce((sum, { weight }) => sum + weight, 0)
    const algorithm = hash()
    for (let step = 0; step < 100; step++) {
      for (const server of all) server.inFlight = between(random, 0, 4)
      const accepted = random() < 0.5 ? all : all.filter(() => random() < 0.7)
      const key = Math.floor(random() * 2 ** 32)
      const inFlight = all.reduce((sum, server) => sum + server.inFlight, 1)
      const order = orderOf(key, accepted, ({ weight }) => weight)
      const below = order.filter(
        (each) => each.inFlight < Math.ceil((1.25 * inFlight * each.weight) / weights)
      )
      const expected = below[0] ?? order[0]
      assert.equal(algorithm.pick(pool, only(accepted), key)?.name, expected?.name, `${round}, ${step}`)
      assert.equal(algorithm.note, expected === order[0] ? undefined : 'hash_overflow')
      if (expected !== order[0]) moved++
    }
  }
  assert.ok(moved > 1000)
})

test('a key stays where it is, and every thread and gateway finds the same', () => {
  assert.deepEqual(owners(alikeServers(10)), owners(alikeServers(10)))
})

test('keys are spread as the weights are', () => {
  for (const weights of [Array.from({ length: 10 }, () => 1), [1, 2, 3, 4]]) {
    const total = weights.reduce((sum, weight) => sum + weight)
    const counts = tally(owners(servers(...weights)))
    for (const { name, weight } of servers(...weights)) {
      const share = (KEYS.length * weight) / total
      // Four standard deviations.
      const slack = 4 * Math.sqrt(share * (1 - weight / total))
      assert.ok(
        Math.abs(counts[name]! - share) < slack,
        `${name} of ${weights.join(':')} has ${counts[name]}`
      )
    }
  }
})

test('when one of ten goes, its keys move and no others', () => {
  for (const weights of [Array.from({ length: 10 }, () => 2), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]) {
    const all = servers(...weights)
    const before = owners(all)
    for (const gone of all) {
      const after = owners(all.filter((server) => server !== gone))
      const moved = before.filter((name, index) => name !== after[index])
      assert.ok(moved.length > 0 && moved.every((name) => name === gone.name))
      assert.equal(moved.length, before.filter((name) => name === gone.name).length)
    }
  }
})

test('one that is tried already or full sends on its own keys alone', () => {
  const pool = poolOf(alikeServers(10))
  const algorithm = hash()
  for (const key of KEYS.slice(0, 1000)) {
    const owner = algorithm.pick(pool, ANYBODY, key)!.name
    const another = algorithm.pick(pool, allBut('d'), key)!.name
    if (owner === 'd') assert.notEqual(another, 'd')
    else assert.equal(another, owner)
  }
})

test('the keys of one that goes are spread over all that stay', () => {
  const all = alikeServers(10)
  const before = owners(all)
  const after = owners(all.slice(1))
  const counts = tally(after.filter((_, index) => before[index] === 'a'))
  assert.equal(Object.keys(counts).length, 9)
  const share = before.filter((name) => name === 'a').length / 9
  for (const count of Object.values(counts)) assert.ok(count > share * 0.6 && count < share * 1.4, `${count}`)
})

test('one that comes takes keys from others, and moves none between them', () => {
  const all = alikeServers(11)
  const before = owners(all.slice(0, 10))
  const after = owners(all)
  const moved = after.filter((name, index) => name !== before[index])
  assert.ok(moved.every((name) => name === 'k'))
  assert.ok(Math.abs(moved.length - KEYS.length / 11) < 120, `${moved.length}`)
})

test('one that warms up gets its keys back bit by bit, and nobody else loses or gains any', () => {
  const all = alikeServers(10)
  const warm = owners(all)
  const without = owners(all.slice(1))
  let previous = without
  for (const share of [0.1, 0.3, 0.6, 0.9, 1]) {
    const now = owners(all, [share, ...Array.from({ length: 9 }, () => 1)])
    for (const [index, name] of now.entries()) {
      if (name === 'a') assert.equal(warm[index], 'a')
      else assert.equal(name, without[index])
      if (previous[index] === 'a') assert.equal(name, 'a')
    }
    previous = now
  }
  assert.deepEqual(previous, warm)
})

test('the order of the backends in the configuration does not matter', () => {
  const all = alikeServers(10)
  const turned = all.toReversed().map((server, place) => ({ ...server, place }))
  assert.deepEqual(owners(turned), owners(all))
})

test('one key that everybody wants fills its backend to the bound, then the next one', () => {
  const all = alikeServers(10)
  const pool = poolOf(all)
  const algorithm = hash()
  const key = KEYS[0]!
  for (let held = 1; held <= 1000; held++) {
    algorithm.pick(pool, ANYBODY, key)!.inFlight++
    const most = Math.max(...all.map(({ inFlight }) => inFlight))
    assert.ok(most <= Math.ceil((1.25 * held) / 10), `${most} of ${held}`)
  }
  const loads = orderOf(key, all, () => 1).map(({ inFlight }) => inFlight)
  assert.deepEqual(loads, [125, 125, 125, 125, 125, 125, 125, 125, 0, 0])
})

test('with as many keys as requests, the bound moves few', () => {
  const random = seeded(12)
  const all = alikeServers(10)
  const pool = poolOf(all)
  const algorithm = hash()
  const home = new Map(KEYS.map((key) => [key, algorithm.pick(pool, ANYBODY, key)]))
  const underWay: Server[] = []
  let moved = 0
  for (let step = 0; step < 10_000; step++) {
    const key = oneOf(random, KEYS)
    const picked = algorithm.pick(pool, ANYBODY, key)!
    if (picked !== home.get(key)) moved++
    picked.inFlight++
    underWay.push(picked)
    if (underWay.length > 500) underWay.splice(between(random, 0, 499), 1)[0]!.inFlight--
  }
  assert.ok(moved < 1000, `${moved} of 10,000`)
})

test('a request without a key goes by least connections, and it is said so', () => {
  const all = servers(1, 1, 1)
  all[0]!.inFlight = 1
  const algorithm = hash()
  assert.equal(picksOf(algorithm, poolOf(all), 4).join(''), 'bcbc')
  assert.equal(algorithm.note, 'no_key')
  algorithm.pick(poolOf(all), ANYBODY, KEYS[0])
  assert.equal(algorithm.note, undefined)
})

test('hashText is the same everywhere and for ever, whatever the text', () => {
  assert.deepEqual(
    ['', 'a', '203.0.113.7', 'http://catalog:3000', 'Grüße 🦊'].map((text) => hashText(text)),
    [2872998923, 444641715, 339622278, 2020589226, 2791073701]
  )
})

test('mix32 is one to one and changes half of the bits with every bit', () => {
  const random = seeded(13)
  assert.equal(mix32(0), 0)
  const words = Array.from({ length: 1000 }, () => Math.floor(random() * 2 ** 32))
  assert.equal(new Set(words.map((word) => mix32(word))).size, new Set(words).size)
  for (let bit = 0; bit < 32; bit++) {
    let changed = 0
    for (const word of words) {
      for (let rest = mix32(word) ^ mix32(word ^ (1 << bit)); rest !== 0; rest &= rest - 1) changed++
    }
    assert.ok(Math.abs(changed / words.length - 16) < 1, `bit ${bit} changes ${changed / words.length}`)
  }
})
