import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CandidateFilter } from '../../src/balancing/balancer.ts'
import { RoundRobin } from '../../src/balancing/round-robin.ts'
import { between, seeded } from './seeded.ts'
import { allBut, ANYBODY, NOBODY, ReferenceTurns, type Server, servers, tally } from './servers.ts'

function turns(balancer: RoundRobin<Server>, count: number, filter: CandidateFilter<Server> = ANYBODY) {
  return Array.from({ length: count }, () => balancer.pick(filter)?.name)
}

test('weights 5:1:1 give a a b a c a a, and again', () => {
  const balancer = new RoundRobin(servers(5, 1, 1))
  assert.equal(turns(balancer, 14).join(' '), 'a a b a c a a a a b a c a a')
})

test('equal weights go round in the order given', () => {
  assert.equal(turns(new RoundRobin(servers(1, 1, 1)), 7).join(''), 'abcabca')
  assert.equal(turns(new RoundRobin(servers(1000, 1000, 1000)), 7).join(''), 'abcabca')
})

test('any weights and any filters give the turns that nginx gives', () => {
  const random = seeded(1)
  for (let round = 0; round < 200; round++) {
    const all = servers(...Array.from({ length: between(random, 1, 8) }, () => between(random, 1, 1000)))
    const balancer = new RoundRobin(all)
    const reference = new ReferenceTurns()
    for (let turn = 0; turn < 100; turn++) {
      const offered = random() < 0.5 ? all : all.filter(() => random() < 0.6)
      const picked = balancer.pick({ accepts: (server) => offered.includes(server) })
      assert.equal(picked?.name, reference.take(offered)?.name, `round ${round}, turn ${turn}`)
    }
  }
})

test('a whole cycle gives every candidate exactly its weight', () => {
  const random = seeded(2)
  for (let round = 0; round < 50; round++) {
    const all = servers(...Array.from({ length: between(random, 2, 6) }, () => between(random, 1, 20)))
    const total = all.reduce((sum, { weight }) => sum + weight, 0)
    const balancer = new RoundRobin(all)
    for (let cycle = 0; cycle < 2; cycle++) {
      const expected = Object.fromEntries(all.map(({ name, weight }) => [name, weight]))
      assert.deepEqual(tally(turns(balancer, total)), expected)
    }
  }
})

test('while one is ill the others keep their proportions, and afterwards all do', () => {
  const balancer = new RoundRobin(servers(5, 3, 2))
  assert.deepEqual(tally(turns(balancer, 100)), { a: 50, b: 30, c: 20 })
  assert.deepEqual(tally(turns(balancer, 100, allBut('a'))), { b: 60, c: 40 })
  assert.deepEqual(tally(turns(balancer, 100)), { a: 50, b: 30, c: 20 })
})

test('a candidate that comes back is not flooded with the turns that it missed', () => {
  const balancer = new RoundRobin(servers(1, 1, 1))
  turns(balancer, 1000, allBut('a'))
  assert.deepEqual(tally(turns(balancer, 3)), { a: 1, b: 1, c: 1 })
})

test('a second pick without the first one goes to another and costs nobody a turn', () => {
  const balancer = new RoundRobin(servers(2, 1, 1))
  const picks = Array.from({ length: 400 }, () => {
    const first = balancer.pick(ANYBODY)
    const second = balancer.pick(allBut(first?.name ?? ''))
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

test('a pick with nobody accepted is undefined and takes no turn', () => {
  const balancer = new RoundRobin(servers(5, 1, 1))
  assert.equal(balancer.pick(NOBODY), undefined)
  assert.equal(turns(balancer, 3).join(''), 'aab')
  assert.equal(balancer.pick(NOBODY), undefined)
  assert.equal(turns(balancer, 4).join(''), 'acaa')
})

test('a group without backends has nobody to pick', () => {
  assert.equal(new RoundRobin<Server>([]).pick(ANYBODY), undefined)
})
