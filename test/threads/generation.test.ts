import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify from 'fastify'
import { Generation } from '../../src/threads/generation.ts'

async function generation(): Promise<{ generation: Generation; isClosed: () => boolean }> {
  const app = Fastify()
  let closed = false
  app.addHook('onClose', async () => {
    closed = true
  })
  await app.ready()
  return { generation: new Generation(7, app), isClosed: () => closed }
}

test('requests under way are counted in and out', async () => {
  const { generation: one } = await generation()
  one.enter()
  one.enter()
  assert.equal(one.active, 2)
  one.leave()
  assert.equal(one.active, 1)
  one.leave()
  assert.equal(one.active, 0)
  await one.close()
})

test('an idle generation closes its app at once', async () => {
  const { generation: one, isClosed } = await generation()
  await one.close()
  assert.equal(isClosed(), true)
})

test('a busy one closes when its last request has ended', async () => {
  const { generation: one, isClosed } = await generation()
  one.enter()
  one.enter()
  const closing = one.close()
  one.leave()
  await turn()
  assert.equal(isClosed(), false)
  one.leave()
  await closing
  assert.equal(isClosed(), true)
})

test('closing by force waits for nobody, and ends a close that waits', async () => {
  const { generation: one, isClosed } = await generation()
  one.enter()
  const waiting = one.close()
  await one.close(true)
  assert.equal(isClosed(), true)
  one.leave()
  await waiting
})

test('it has the version that it was made with', async () => {
  const { generation: one } = await generation()
  assert.equal(one.version, 7)
  await one.close()
})
