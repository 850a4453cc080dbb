import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkOf } from './helpers.ts'
import { backend, scripted } from './scripted.ts'

test('a new backend is probed at once, then every interval with the jitter of the moment', async (t) => {
  const draws = [0, 0.5, 1]
  const { checker, starts, advance } = scripted(t, { random: () => draws.shift() ?? 0.5 })
  checker.update([{ name: 'catalog', healthCheck: checkOf({ interval: 1000 }), backends: [backend('a')] }])
  assert.deepEqual(starts, [0])
  for (let step = 0; step < 41; step += 1) await advance(100)
  assert.deepEqual(starts, [0, 900, 1900, 3000, 4000])
})

test('the interval is measured from the start of a probe, however long it takes', async (t) => {
  const { checker, starts, advance, hold, release } = scripted(t)
  hold()
  checker.update([{ name: 'catalog', healthCheck: checkOf({ interval: 1000 }), backends: [backend('a')] }])
  await advance(700)
  await release({ ok: true })
  await advance(299)
  assert.deepEqual(starts, [0])
  await advance(1)
  assert.deepEqual(starts, [0, 1000])
})

test('a backend never has two probes at once: the next follows when a long one ends', async (t) => {
  const { checker, starts, advance, hold, release } = scripted(t)
  hold()
  checker.update([{ name: 'catalog', healthCheck: checkOf({ interval: 1000 }), backends: [backend('a')] }])
  await advance(3500)
  assert.deepEqual(starts, [0])
  await release({ ok: true })
  assert.deepEqual(starts, [0, 3500])
  await release({ ok: true })
  await advance(999)
  assert.deepEqual(starts, [0, 3500])
  await advance(1)
  assert.deepEqual(starts, [0, 3500, 4500])
})

test('the first answer, every flip and every new reason of an ill backend are told, nothing else', async (t) => {
  const { checker, verdicts, advance, answer } = scripted(t)
  checker.update([
    {
      name: 'catalog',
      healthCheck: checkOf({ healthyAfter: 2, unhealthyAfter: 2 }),
      backends: [backend('a')]
    }
  ])
  for (const result of [
    { ok: true },
    { ok: true },
    { ok: false, reason: 'timeout' },
    { ok: false, reason: 'timeout' },
    { ok: false, reason: 'timeout' },
    { ok: false, reason: 'connect_refused' },
    { ok: true },
    { ok: true },
    { ok: true }
  ] as const) {
    answer(result)
    await advance(1000)
  }
  const facts = { group: 'catalog', id: 'a', url: 'http://a' }
  assert.deepEqual(verdicts, [
    { ...facts, healthy: true, reason: 'probe_passed', flipped: false },
    { ...facts, healthy: false, reason: 'timeout', flipped: true },
    { ...facts, healthy: false, reason: 'connect_refused', flipped: false },
    { ...facts, healthy: true, reason: 'probe_passed', flipped: true }
  ])
})

test('a first failure that makes nothing ill is told, and so is the pass that explains the verdict', async (t) => {
  const { checker, verdicts, advance, answer } = scripted(t)
  answer({ ok: false, reason: 'timeout' })
  checker.update([{ name: 'catalog', healthCheck: checkOf(), backends: [backend('a')] }])
  await advance(0)
  answer({ ok: true })
  await advance(2000)
  assert.deepEqual(
    verdicts.map(({ healthy, reason, flipped }) => ({ healthy, reason, flipped })),
    [
      { healthy: true, reason: 'initial', flipped: false },
      { healthy: true, reason: 'probe_passed', flipped: false }
    ]
  )
})

test('a backend that starts ill is well with its first probe', async (t) => {
  const { checker, verdicts, advance } = scripted(t)
  checker.update([{ name: 'catalog', healthCheck: checkOf(), backends: [backend('a', false)] }])
  await advance(0)
  assert.deepEqual(verdicts, [
    { group: 'catalog', id: 'a', url: 'http://a', healthy: true, reason: 'probe_passed', flipped: true }
  ])
})

const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED' })

test('a probe that rejects has failed, with the reason of its error', async (t) => {
  const { checker, verdicts, advance } = scripted(t, {
    probes: { http: async () => await Promise.reject(refused) }
  })
  checker.update([{ name: 'catalog', healthCheck: checkOf({ unhealthyAfter: 1 }), backends: [backend('a')] }])
  await advance(0)
  assert.equal(verdicts[0]?.reason, 'connect_refused')
})

test('a probe that throws has failed as well, and the next one comes in its turn', async (t) => {
  let probes = 0
  const { checker, verdicts, advance } = scripted(t, {
    probes: {
      http: () => {
        probes += 1
        throw refused
      }
    }
  })
  checker.update([{ name: 'catalog', healthCheck: checkOf({ unhealthyAfter: 1 }), backends: [backend('a')] }])
  await advance(0)
  assert.equal(verdicts[0]?.reason, 'connect_refused')
  await advance(1000)
  assert.equal(probes, 2)
})

test('the check’s type chooses the probe', async (t) => {
  const seen: string[] = []
  const probe = (name: string) => async () => {
    seen.push(name)
    return await Promise.resolve({ ok: true } as const)
  }
  const { checker } = scripted(t, { probes: { http: probe('http'), tcp: probe('tcp') } })
  checker.update([
    { name: 'catalog', healthCheck: checkOf({ type: 'tcp' }), backends: [backend('a')] },
    { name: 'orders', healthCheck: checkOf({ type: 'http' }), backends: [backend('a')] }
  ])
  assert.deepEqual(seen, ['tcp', 'http'])
})

test('two groups have their own verdicts on one address', async (t) => {
  const { checker, verdicts, advance, answerBy } = scripted(t)
  answerBy((check) => (check.path === '/good' ? { ok: true } : { ok: false, reason: 'status_500' }))
  checker.update([
    {
      name: 'catalog',
      healthCheck: checkOf({ path: '/good', unhealthyAfter: 1 }),
      backends: [backend('a')]
    },
    { name: 'orders', healthCheck: checkOf({ path: '/bad', unhealthyAfter: 1 }), backends: [backend('a')] }
  ])
  await advance(0)
  assert.deepEqual(
    verdicts.map(({ group, healthy }) => [group, healthy]),
    [
      ['catalog', true],
      ['orders', false]
    ]
  )
})

test('every probe that passes is told while the backend is well by its probes, after the verdict', async (t) => {
  const told: string[] = []
  const { checker, advance, answer } = scripted(t, {
    onVerdict: ({ healthy }) => void told.push(healthy ? 'well' : 'ill'),
    onPassed: (group, id) => void told.push(`${group} ${id} passed`)
  })
  checker.update([
    {
      name: 'catalog',
      healthCheck: checkOf({ healthyAfter: 2, unhealthyAfter: 2 }),
      backends: [backend('a')]
    }
  ])
  await advance(0)
  for (const ok of [true, false, true, false, false, true, true]) {
    answer(ok ? { ok } : { ok, reason: 'timeout' })
    await advance(1000)
  }
  const passed = 'catalog a passed'
  assert.deepEqual(told, ['well', passed, passed, passed, 'ill', 'well', passed])
})
