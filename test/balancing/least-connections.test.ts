import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeastConnections } from '../../src/balancing/least-connections.ts'
import { between, seeded } from './seeded.ts'
import { allBut, ANYBODY, NOBODY, ReferenceTurns, type Server, servers, tally } from './servers.ts'

function leastOf(all: readonly Server[]): Server[] {
  const loads = all.map(({ inFlight, weight }) => inFlight / weight)
  return all.filter((_, index) => loads[index] === Math.min(...loads))
}

test('the one with the fewest in flight is picked', () => {
  const all = servers(1, 1, 1)
  const balancer = new LeastConnections(all)
  for (const [index, inFlight] of [3, 1, 2].entries()) all[index]!.inFlight = inFlight
  assert.equal(balancer.pick(ANYBODY)?.name, 'b')
})

test('a weight of two may hold twice as many', () => {
  const all = servers(1, 2)
  const balancer = new LeastConnections(all)
  for (let held = 0; held < 300; held++) balancer.pick(ANYBODY)!.inFlight++
  assert.deepEqual(
    all.map(({ inFlight }) => inFlight),
    [100, 200]
  )
})

test('idle candidates tie, so they go round in smooth weighted turns', () => {
  const balancer = new LeastConnections(servers(5, 1, 1))
  const names = Array.from({ length: 14 }, () => balancer.pick(ANYBODY)?.name)
  assert.equal(names.join(' '), 'a a b a c a a a a b a c a a')
})

test('equal ones that tie are picked one after the other', () => {
  const balancer = new LeastConnections(servers(2, 2, 2))
  const names = Array.from({ length: 7 }, () => balancer.pick(ANYBODY)?.name)
  assert.equal(names.join(' '), 'a b c a b c a')
})

test('only those that tie take part in a turn', () => {
  const all = servers(1, 1, 1)
  const balancer = new LeastConnections(all)
  all[0]!.inFlight = 1
  const names = Array.from({ length: 100 }, () => balancer.pick(ANYBODY)?.name)
  assert.deepEqual(tally(names), { b: 50, c: 50 })
})

/** Equal weights: the next one of those that tie. */
class ReferenceRound {
  readonly #all: readonly Server[]
  #next = 0

  constructor(all: readonly Server[]) {
    this.#all = all
  }

  take(tied: readonly Server[]): Server | undefined {
    const inTurn = [...this.#all.slice(this.#next), ...this.#all.slice(0, this.#next)]
    const taken = inTurn.find((server) => tied.includes(server))
    if (taken) this.#next = this.#all.indexOf(taken) + 1
    return taken
  }
}

test('random requests that begin and end keep to a simple model', () => {
  const random = seeded(3)
  for (let round = 0; round < 200; round++) {
    const most = round % 2 === 0 ? 1 : 9
    const all = servers(...Array.from({ length: between(random, 1, 7) }, () => between(random, 1, most)))
    const balancer = new LeastConnections(all)
    const isEqual = all.every(({ weight }) => weight === all[0]!.weight)
    const reference = isEqual ? new ReferenceRound(all) : new ReferenceTurns()
    const underWay: Server[] = []
    for (let step = 0; step < 200; step++) {
      if (underWay.length > 0 && random() < 0.45) {
        const [ended] = underWay.splice(between(random, 0, underWay.length - 1), 1)
        ended!.inFlight--
        continue
      }
      const accepted = random() < 0.7 ? all : all.filter(() => random() < 0.6)
      const picked = balancer.pick({ accepts: (server) => accepted.includes(server) })
      const expected = reference.take(leastOf(accepted))
      assert.equal(picked?.name, expected?.name, `round ${round}, step ${step}`)
      if (!picked) continue
      picked.inFlight++
      underWay.push(picked)
    }
  }
})

test('loads that only ever grow are never further apart than one request', () => {
  const all = servers(1, 1, 1, 1)
  const balancer = new LeastConnections(all)
  for (let held = 1; held <= 41; held++) {
    balancer.pick(ANYBODY)!.inFlight++
    const loads = all.map(({ inFlight }) => inFlight)
    assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, `after ${held}: ${loads.join()}`)
  }
})

test('one that was tried is left out however little it has to do', () => {
  const all = servers(1, 1)
  all[1]!.inFlight = 50
  assert.equal(new LeastConnections(all).pick(allBut('a'))?.name, 'b')
})

test('each load is read once in a pick, since other threads change it meanwhile', () => {
  let reads = 0
  const moving: Server = {
    name: 'a',
    weight: 1,
    get inFlight() {
      return reads++
    }
  }
  assert.equal(new LeastConnections([moving]).pick(ANYBODY)?.name, 'a')
  assert.equal(reads, 1)
})

test('a pick with nobody accepted is undefined and takes no turn', () => {
  const balancer = new LeastConnections(servers(1, 1))
  assert.equal(balancer.pick(ANYBODY)?.name, 'a')
  assert.equal(balancer.pick(NOBODY), undefined)
  assert.equal(balancer.pick(ANYBODY)?.name, 'b')
})

test('a group without backends has nobody to pick', () => {
  assert.equal(new LeastConnections<Server>([]).pick(ANYBODY), undefined)
})
