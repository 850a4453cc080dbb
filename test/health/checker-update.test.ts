import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { CheckedBackend } from '../../src/health/checker.ts'
import { checkOf } from './helpers.ts'
import { backend, scripted } from './scripted.ts'

const healthCheck = checkOf({ interval: 1000, unhealthyAfter: 3 })
const group = (...backends: CheckedBackend[]) => [{ name: 'catalog', healthCheck, backends }]

test('an equal update keeps counts and schedule', async (t) => {
  const { checker, verdicts, starts, advance, answer } = scripted(t)
  answer({ ok: false, reason: 'timeout' })
  checker.update(group(backend('a')))
  await advance(1000)
  await advance(500)
  checker.update([{ name: 'catalog', healthCheck: structuredClone(healthCheck), backends: [backend('a')] }])
  await advance(500)
  assert.deepEqual(starts, [0, 1000, 2000])
  assert.deepEqual(
    verdicts.map(({ healthy, flipped }) => [healthy, flipped]),
    [
      [true, false],
      [false, true]
    ]
  )
})

test('a backend that the checker knows keeps its verdict, whatever an update says of its start', async (t) => {
  const { checker, verdicts, advance } = scripted(t)
  checker.update(group(backend('a')))
  await advance(0)
  checker.update(group(backend('a', false)))
  await advance(1000)
  assert.equal(verdicts.length, 1)
})

test('changed settings take effect with the next probe, without a flip', async (t) => {
  const { checker, verdicts, starts, advance, answerBy } = scripted(t)
  const paths: string[] = []
  answerBy(({ path }) => {
    paths.push(path)
    return path === '/old' ? { ok: false, reason: 'status_404' } : { ok: true }
  })
  const old = checkOf({ path: '/old', unhealthyAfter: 3 })
  checker.update([{ name: 'catalog', healthCheck: old, backends: [backend('a')] }])
  await advance(1000)
  checker.update([{ name: 'catalog', healthCheck: checkOf({ path: '/new' }), backends: [backend('a')] }])
  await advance(500)
  await advance(500)
  assert.deepEqual(starts, [0, 1000, 2000])
  assert.deepEqual(paths, ['/old', '/old', '/new'])
  assert.deepEqual(
    verdicts.map(({ flipped }) => flipped),
    [false, false]
  )
})

test('failures under old settings don’t count under new ones', async (t) => {
  const { checker, verdicts, advance, answer } = scripted(t)
  answer({ ok: false, reason: 'timeout' })
  checker.update(group(backend('a')))
  await advance(1000)
  checker.update([{ name: 'catalog', healthCheck: { ...healthCheck, path: '/b' }, backends: [backend('a')] }])
  await advance(1000)
  await advance(1000)
  assert.equal(verdicts.length, 1)
  await advance(1000)
  assert.equal(verdicts[1]?.flipped, true)
})

test('a changed interval counts from the start of the last probe', async (t) => {
  const { checker, starts, advance } = scripted(t)
  const every = (interval: number) => [
    { name: 'catalog', healthCheck: checkOf({ interval }), backends: [backend('a')] }
  ]
  checker.update(every(60_000))
  await advance(1000)
  checker.update(every(3000))
  await advance(2000)
  assert.deepEqual(starts, [0, 3000])
  await advance(2500)
  checker.update(every(2000))
  await advance(1)
  assert.deepEqual(starts, [0, 3000, 5501])
})

test('a removed backend’s probe is aborted and its result ignored', async (t) => {
  const { checker, verdicts, starts, held, advance, hold } = scripted(t)
  hold()
  checker.update(group(backend('a'), backend('b')))
  const [a, b] = held
  checker.update(group(backend('b')))
  assert.equal(a?.signal.aborted, true)
  assert.equal(b?.signal.aborted, false)
  a.resolve({ ok: true })
  b.resolve({ ok: true })
  await advance(1000)
  assert.deepEqual(
    verdicts.map(({ id }) => id),
    ['b']
  )
  assert.equal(starts.length, 3)
})

test('a backend that comes back is a new one', async (t) => {
  const { checker, verdicts, advance, answer } = scripted(t)
  answer({ ok: false, reason: 'timeout' })
  checker.update(group(backend('a')))
  await advance(1000)
  checker.update(group())
  checker.update(group(backend('a')))
  await advance(1000)
  assert.deepEqual(
    verdicts.map(({ flipped }) => flipped),
    [false, false]
  )
})

test('another address under the same id is another backend', async (t) => {
  const { checker, verdicts, held, hold, release } = scripted(t)
  hold()
  checker.update(group({ id: 'a', url: 'http://one', healthy: true }))
  checker.update(group({ id: 'a', url: 'http://two', healthy: true }))
  assert.equal(held.shift()?.signal.aborted, true)
  await release({ ok: true })
  assert.deepEqual(
    verdicts.map(({ url }) => url),
    ['http://two']
  )
})

test('a check that is removed, with its group or from it, ends the probing', async (t) => {
  const { checker, starts, advance } = scripted(t)
  for (const update of [[], [{ name: 'catalog', backends: [backend('a')] }]]) {
    checker.update(group(backend('a')))
    await advance(0)
    checker.update(update)
    await advance(5000)
  }
  assert.deepEqual(starts, [0, 5000])
})

test('at most 64 first probes are in flight; the rest follow as places become free', async (t) => {
  const { checker, held, hold, release, starts } = scripted(t)
  hold()
  checker.update(group(...Array.from({ length: 100 }, (_, index) => backend(`b${index}`))))
  assert.equal(held.length, 64)
  assert.equal(checker.pending, 100)
  await release({ ok: true })
  assert.equal(held.length, 64)
  assert.equal(held.at(-1)?.url, 'http://b64')
  while (held.length > 0) await release({ ok: true })
  assert.equal(checker.pending, 0)
  assert.equal(starts.length, 100)
})

test('backends that go while they wait for their first probe are never probed', async (t) => {
  const { checker, held, hold, starts } = scripted(t)
  hold()
  checker.update(group(...Array.from({ length: 100 }, (_, index) => backend(`b${index}`))))
  checker.update(group(backend('b99')))
  await turn()
  assert.equal(starts.length, 65)
  assert.equal(held.at(-1)?.url, 'http://b99')
  assert.equal(held.filter(({ signal }) => signal.aborted).length, 64)
  assert.equal(checker.pending, 1)
})
