import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ADDRESS, fakePool, settle, specOf } from './fake-threads.ts'

suite('the oldest generation in use', () => {
  test('is the oldest of all threads', async (t) => {
    const { pool, threads } = fakePool(t, 3)
    await pool.start(specOf(4), ADDRESS)
    assert.equal(pool.oldest, 4)
    await pool.prepare(specOf(5))
    await pool.commit(specOf(5), ADDRESS)
    assert.equal(pool.oldest, 5)
    threads[1]!.oldest = 2
    assert.equal(pool.oldest, 2)
  })

  test('does not count a dead thread, but counts one that is being brought up as using all', async (t) => {
    const { pool, threads, advance } = fakePool(t, 2, ({ row, calls }, method) =>
      row === 1 && method === 'commit' && calls.includes('prepare 2') ? 'never' : undefined
    )
    await pool.start(specOf(1), ADDRESS)
    threads[1]!.oldest = 0
    assert.equal(pool.oldest, 0)
    threads[1]!.die()
    await settle()
    assert.equal(pool.oldest, 1)
    await pool.prepare(specOf(2))
    await pool.commit(specOf(2), ADDRESS)
    assert.equal(pool.oldest, 2)
    await advance(100)
    assert.equal(pool.oldest, 0)
  })
})

suite('stop', () => {
  test('asks all with the timeout, adds up what they cut, and ends them', async (t) => {
    const { pool, threads, deaths, advance } = fakePool(t, 3, ({ row }, method) =>
      method === 'stop' ? { cut: row } : undefined
    )
    await pool.start(specOf(1), ADDRESS)
    assert.deepEqual(await pool.stop(5000), { cut: 3 })
    for (const { calls } of threads) assert.equal(calls.at(-1), 'stop 5000')
    await advance(60_000)
    assert.equal(threads.length, 3)
    assert.deepEqual(deaths, [])
  })

  test('ends a thread that does not answer two seconds after the deadline, and counts it as cut', async (t) => {
    const { pool, advance } = fakePool(t, 2, ({ row }, method) =>
      row === 1 && method === 'stop' ? 'never' : undefined
    )
    await pool.start(specOf(1), ADDRESS)
    let report: unknown
    const stopped = pool.stop(5000).then((value) => (report = value))
    await advance(6999)
    assert.equal(report, undefined)
    await advance(1)
    await stopped
    assert.deepEqual(report, { cut: 1 })
  })

  test('makes no successor for a thread that died before', async (t) => {
    const { pool, threads, advance } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    threads[0]!.die()
    await settle()
    assert.deepEqual(await pool.stop(0), { cut: 0 })
    await advance(60_000)
    assert.equal(threads.length, 2)
  })

  test('a thread that dies while it stops holds nothing up', async (t) => {
    const { pool } = fakePool(t, 2, (thread, method) => {
      if (thread.row === 0 && method === 'stop') thread.die()
      return thread.row === 0 && method === 'stop' ? 'never' : undefined
    })
    await pool.start(specOf(1), ADDRESS)
    assert.deepEqual(await pool.stop(5000), { cut: 0 })
  })

  test('before it, all can be told to send their clients elsewhere, newcomers too', async (t) => {
    const { pool, threads, advance } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    await pool.drain()
    for (const { calls } of threads) assert.equal(calls.at(-1), 'drain')
    threads[0]!.die()
    await advance(100)
    assert.deepEqual(threads[2]?.calls, ['prepare 1', 'commit 1', 'listen 8080', 'drain'])
  })
})
