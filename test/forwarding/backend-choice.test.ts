import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS } from '../../src/balancing/candidate.ts'
import type { Sessions } from '../../src/forwarding/sessions.ts'
import type { Backend } from '../../src/upstreams/backend.ts'
import { until } from '../helpers/until.ts'
import { seek, threadViews, type ThreadView } from './shared-group.ts'

const QUEUE = { queue: { max: 5, timeout: 30_000 } }

/** In flight at each backend. */
function load({ group }: ThreadView): number[] {
  return group.backends.map(({ inFlight }) => inFlight)
}

test('each is tried once before any is tried twice', () => {
  const [view] = threadViews([0, 0, 0])
  const request = seek(view!)
  for (let retry = 0; retry < 5; retry++) {
    request.has().end('failed')
    request.choice.next()
  }
  assert.deepEqual(
    [new Set(request.told.slice(0, 3)).size, new Set(request.told.slice(3)).size, request.told.length],
    [3, 3, 6]
  )
  assert.equal(request.choice.reason, 'retry')
  request.has().end('succeeded')
  assert.deepEqual(load(view!), [0, 0, 0])
})

test('of one backend alone, that one is tried again', () => {
  const [view] = threadViews([0])
  const request = seek(view!)
  request.has().end('failed')
  request.choice.next()
  assert.deepEqual(request.told, ['a', 'a'])
})

test('a full backend is passed over, and with all full there is nobody', () => {
  const [view] = threadViews([1, 1])
  const told = [seek(view!), seek(view!), seek(view!)].flatMap((request) => request.told)
  assert.deepEqual([told.slice(0, 2).toSorted(), told[2]], [['a', 'b'], 'at_capacity'])
  assert.deepEqual(load(view!), [1, 1])
})

test('without a line, a retry goes back to one that it tried when the others are full', () => {
  const [view] = threadViews([1, 1])
  const [first, second] = [seek(view!), seek(view!)]
  first.has().end('failed')
  first.choice.next()
  assert.equal(first.told[1], first.told[0])
  second.has().end('succeeded')
  first.has().end('succeeded')
  assert.deepEqual(load(view!), [0, 0])
})

test('with a line, a retry waits for one that it did not try, and others may have the one that it tried', async () => {
  const [view] = threadViews([1, 1], QUEUE)
  const [first, second] = [seek(view!), seek(view!)]
  first.has().end('failed')
  first.choice.next()
  assert.equal(first.told.length, 1)
  const newcomer = seek(view!)
  assert.deepEqual([newcomer.told, newcomer.choice.reason], [[first.told[0]], undefined])
  second.has().end('succeeded')
  await until('the retry has its turn', () => first.told.length === 2)
  assert.deepEqual([first.told[1], first.choice.reason], [second.told[0], 'queued'])
})

test('a newcomer does not overtake those who wait', async () => {
  const [view] = threadViews([1], QUEUE)
  const running = seek(view!)
  const [second, third] = [seek(view!), seek(view!)]
  running.has().end('succeeded')
  const fourth = seek(view!)
  assert.deepEqual([second.told, third.told, fourth.told], [['a'], [], []])
  assert.equal(second.choice.reason, 'queued')
  assert.ok(second.record.waited !== undefined)
  for (const [now, next] of [
    [second, third],
    [third, fourth]
  ] as const) {
    now.has().end('succeeded')
    await until('it is the next one’s turn', () => next.told.length === 1)
  }
  fourth.has().end('succeeded')
  assert.deepEqual([load(view!), view!.group.live.waiting], [[0], 0])
})

test('a session of a backend that takes no others overtakes nobody', () => {
  for (const close of [
    (backend: Backend): void => backend.setStatus(STATUS.draining),
    (backend: Backend): void => void Object.assign(backend, { weight: 0 })
  ]) {
    const [view] = threadViews([1, 1], QUEUE)
    const own = view!.group.backends[1]!
    close(own)
    view!.group.live.renew()
    const sessions = { backendOf: () => own, mayServe: () => true } as Partial<Sessions> as Sessions
    const returning = { ...view!, target: { ...view!.target, sessions } }
    const [, waiting] = [seek(view!), seek(view!)]
    const served = seek(returning)
    assert.deepEqual([waiting.told, served.told, served.choice.reason], [[], ['b'], 'affinity'])
    // Full it is like any other, and who waits came first.
    const late = seek(returning)
    assert.deepEqual([late.told, view!.group.live.waiting], [[], 2])
    for (const { choice } of [waiting, late]) choice.stop()
  }
})

test('a place that one thread frees goes to who waits in another', async () => {
  const [one, other] = threadViews([1], QUEUE, 2)
  const running = seek(one!)
  const waiting = seek(other!)
  running.has().end('succeeded')
  await until('it is its turn', () => waiting.told.length === 1)
  assert.deepEqual([waiting.told, load(one!)], [['a'], [1]])
})

test('who waits is told at once when nobody is left who could serve', async () => {
  const [view] = threadViews([1], QUEUE)
  seek(view!)
  const waiting = seek(view!)
  view!.group.backends[0]!.setStatus(STATUS.ill)
  view!.group.live.renew()
  await until('it was told', () => waiting.told.length === 1)
  assert.deepEqual(waiting.told, ['no_usable_backend'])
})

test('who waits is told at once when the circuit breaker opens', async () => {
  const circuitBreaker = { failurePercent: 50, minRequests: 20, window: 10_000, openFor: 5_000 }
  const [view] = threadViews([1], { ...QUEUE, circuitBreaker })
  seek(view!)
  const waiting = seek(view!)
  view!.group.live.setBreaker('open', 1)
  await until('it was told', () => waiting.told.length === 1)
  assert.deepEqual([waiting.told, seek(view!).told], [['circuit_open'], ['circuit_open']])
})

test('a line that is full refuses, and lets go of nothing that it has', () => {
  const [view] = threadViews([1], { queue: { max: 1, timeout: 30_000 } })
  const requests = [seek(view!), seek(view!), seek(view!)]
  assert.deepEqual(
    requests.map(({ told }) => told[0]),
    ['a', undefined, 'queue_full']
  )
  requests[1]!.choice.stop()
  assert.deepEqual([load(view!), view!.group.live.waiting], [[1], 0])
})

test('who waits too long is told so, with how long it was', async () => {
  const [view] = threadViews([1], { queue: { max: 1, timeout: 30 } })
  seek(view!)
  const waiting = seek(view!)
  await until('it was told', () => waiting.told.length === 1)
  assert.deepEqual(waiting.told, ['queue_timeout'])
  assert.ok(waiting.record.waited! >= 25)
})

test('what was kept for later is counted out when it is not wanted, and used once when it is', () => {
  const [view] = threadViews([0, 0])
  const request = seek(view!)
  assert.equal(request.choice.reserve(), true)
  assert.deepEqual(load(view!), [1, 1])
  request.choice.stop()
  request.choice.stop()
  assert.deepEqual(
    load(view!).toSorted((one, another) => one - another),
    [0, 1]
  )
  request.choice.reserve()
  request.choice.next()
  assert.deepEqual([new Set(request.told).size, load(view!)], [2, [1, 1]])
})

test('a half-open circuit breaker lets three try, and hears of each once', () => {
  const circuitBreaker = { failurePercent: 50, minRequests: 20, window: 10_000, openFor: 5_000 }
  const [one, other] = threadViews([0], { circuitBreaker }, 2)
  one!.group.live.setBreaker('half-open')
  const [first, second, third, fourth] = [seek(one!), seek(other!), seek(one!), seek(other!)]
  assert.deepEqual([first.told, third.told, fourth.told], [['a'], ['a'], ['circuit_open']])
  assert.equal(second.choice.reason, 'trial')
  first.choice.settle('succeeded')
  first.choice.settle('failed')
  second.choice.settle('failed')
  third.choice.settle('undecided')
  fourth.choice.settle('failed')
  assert.deepEqual(other!.group.live.trials, { passed: 1, failed: 1 })
  assert.deepEqual(
    [1, 2, 3, 4].map(() => seek(one!).told[0]),
    ['a', 'a', 'a', 'circuit_open']
  )
})
