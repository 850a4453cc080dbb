import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { call, startReplica } from './replica.ts'

/** Status of the health check, or the word for a connection that failed. */
async function health(origin: string): Promise<number | 'unreachable'> {
  return call('GET', `${origin}/healthz`).then(
    ({ status }) => status,
    () => 'unreachable'
  )
}

/** Waits until the health check gives the expected answer. */
async function until(origin: string, expected: number | 'unreachable'): Promise<void> {
  const deadline = Date.now() + 20_000
  while ((await health(origin)) !== expected) {
    if (Date.now() > deadline) assert.fail(`the replica never became ${expected}`)
    await sleep(20)
  }
}

test('a failing replica answers 503 to everything until it is switched back', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const switched = await call('POST', `${origin}/_switch`, { mode: 'failing' })
  assert.deepEqual(switched.body, { mode: 'failing', delay: 0, for: null })
  for (const path of ['/healthz', '/products', '/products/1', '/openapi.json', '/nowhere']) {
    const { status, headers } = await call('GET', origin + path)
    assert.equal(status, 503, path)
    assert.equal(headers.get('x-served-by'), 'catalog-1', path)
  }
  await call('POST', `${origin}/_switch`, { mode: 'ok' })
  assert.equal(await health(origin), 200)
})

test('a slow replica answers right, but not before its delay', async (t) => {
  const origin = await startReplica(t, 'catalog')
  await call('POST', `${origin}/_switch`, { mode: 'slow', delay: 200 })
  const start = performance.now()
  assert.equal((await call('GET', `${origin}/products/1`)).status, 200)
  assert.ok(performance.now() - start >= 195)
})

test('the delay of a slow replica is two seconds unless said otherwise', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const { body } = await call('POST', `${origin}/_switch`, { mode: 'slow' })
  assert.deepEqual(body, { mode: 'slow', delay: 2000, for: null })
})

test('a slow replica that stops lets nobody wait', async (t) => {
  const origin = await startReplica(t, 'catalog')
  await call('POST', `${origin}/_switch`, { mode: 'slow', delay: 30_000 })
  const waiting = health(origin)
  await sleep(50)
  t.after(async () => assert.equal(await waiting, 200))
})

test('a replica that is down refuses connections and comes back by itself', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const { status, body } = await call('POST', `${origin}/_switch`, { mode: 'down', for: '400ms' })
  assert.equal(status, 200)
  assert.deepEqual(body, { mode: 'down', delay: 0, for: '400ms' })
  await until(origin, 'unreachable')
  await until(origin, 200)
})

test('a replica that goes down cuts the requests that it was serving', async (t) => {
  const origin = await startReplica(t, 'catalog')
  await call('POST', `${origin}/_switch`, { mode: 'slow', delay: 20_000 })
  const cut = health(origin)
  await sleep(50)
  await call('POST', `${origin}/_switch`, { mode: 'down', for: '200ms' })
  assert.equal(await cut, 'unreachable')
  await until(origin, 200)
})

test('a replica that is down can be stopped', async (t) => {
  const origin = await startReplica(t, 'catalog')
  const { body } = await call('POST', `${origin}/_switch`, { mode: 'down' })
  assert.deepEqual(body, { mode: 'down', delay: 0, for: '10s' })
  await until(origin, 'unreachable')
})

test('a switch with a duration switches itself back', async (t) => {
  const origin = await startReplica(t, 'catalog')
  await call('POST', `${origin}/_switch`, { mode: 'failing', for: '300ms' })
  assert.equal(await health(origin), 503)
  await until(origin, 200)
})

test('a later switch forgets the duration of the earlier one', async (t) => {
  const origin = await startReplica(t, 'catalog')
  await call('POST', `${origin}/_switch`, { mode: 'failing', for: '100ms' })
  await call('POST', `${origin}/_switch`, { mode: 'failing' })
  await sleep(300)
  assert.equal(await health(origin), 503)
})

for (const body of [
  {},
  { mode: 'broken' },
  { mode: 'slow', delay: 30_001 },
  { mode: 'down', for: '1h' },
  { mode: 'down', for: '11m' }
]) {
  test(`a switch of ${JSON.stringify(body)} is refused`, async (t) => {
    const origin = await startReplica(t, 'catalog')
    assert.equal((await call('POST', `${origin}/_switch`, body)).status, 400)
    assert.equal(await health(origin), 200)
  })
}
