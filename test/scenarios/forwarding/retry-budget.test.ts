import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, get, startLab } from '../../helpers/lab.ts'
import { until } from '../../helpers/until.ts'

test('of the requests under way at most a fifth are retries', async (t) => {
  const REQUESTS = 50
  let seen = 0
  const waiting: (() => void)[] = []
  const backend = await startRawBackend(t, ({ socket }) => {
    seen++
    // The first ones break together; retries stay under way.
    if (seen <= REQUESTS) waiting.push(() => socket.resetAndDestroy())
  })
  const lab = await startLab(t, { backends: [backend.url], group: { retry: { attempts: 3 } } })
  const clients = await Promise.all(Array.from({ length: REQUESTS }, () => lab.client()))
  for (const client of clients) client.write(get())
  await until('all are there', () => seen === REQUESTS)
  for (const breakOff of waiting) breakOff()
  const refused = () => clients.filter(({ text }) => text().includes('502 Bad Gateway')).length
  await until('all but the retried ones are answered', () => refused() >= REQUESTS - 10)
  await until('the retries are there', () => seen >= REQUESTS + 10)
  assert.deepEqual([refused(), seen], [REQUESTS - 10, REQUESTS + 10])
})

test('three retries are always allowed, and given back when their requests are over', async (t) => {
  const backend = await startRawBackend(t, ({ socket }) => socket.resetAndDestroy())
  const lab = await startLab(t, {
    backends: [backend.url],
    group: { retry: { attempts: 10, budgetPercent: 0 } }
  })
  for (let turn = 0; turn < 3; turn++) {
    const client = await lab.client()
    client.write(get())
    await client.untilText('502 Bad Gateway')
    assert.equal((await lab.nextLine()).attempts, 4)
  }
})

test('statuses are retried within the budget too, and passed on beyond it', async (t) => {
  const REQUESTS = 20
  let seen = 0
  const waiting: (() => void)[] = []
  const backend = await startRawBackend(t, ({ send }) => {
    seen++
    if (seen <= REQUESTS) waiting.push(() => send(answer(503, 'bad')))
  })
  const lab = await startLab(t, {
    backends: [backend.url],
    group: { retry: { attempts: 2, on: [503], budgetPercent: 25 } }
  })
  const clients = await Promise.all(Array.from({ length: REQUESTS }, () => lab.client()))
  for (const client of clients) client.write(get())
  await until('all are there', () => seen === REQUESTS)
  for (const refuse of waiting) refuse()
  await until('the retries are there', () => seen >= REQUESTS + 5)
  const refused = () => clients.filter(({ text }) => text().includes('503 As It Came')).length
  await until('the others are answered', () => refused() >= REQUESTS - 5)
  assert.deepEqual([refused(), seen], [REQUESTS - 5, REQUESTS + 5])
})
