import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ADDRESS, fakePool, settle, specOf } from './fake-threads.ts'

const OTHER_ADDRESS = { ...ADDRESS, port: 9000 }

suite('start', () => {
  test('every thread prepares, commits and then listens', async (t) => {
    const { pool, threads } = fakePool(t, 3)
    assert.deepEqual([pool.size, pool.serving(1)], [3, 0])
    await pool.start(specOf(1), ADDRESS)
    assert.deepEqual(
      threads.map(({ row, calls }) => [row, ...calls]),
      [0, 1, 2].map((row) => [row, 'prepare 1', 'commit 1', 'listen 8080'])
    )
    assert.equal(pool.serving(1), 3)
  })

  test('fails when one thread cannot build the generation or cannot listen', async (t) => {
    for (const method of ['prepare', 'listen']) {
      await t.test(`at ${method}`, async (part) => {
        const { pool } = fakePool(part, 2, (thread, called) =>
          thread.row === 1 && called === method ? new Error('no way') : undefined
        )
        await assert.rejects(pool.start(specOf(1), ADDRESS), /no way/)
        await pool.stop(0)
      })
    }
  })
})

suite('a reload has two phases', () => {
  test('all prepare, then all commit and listen', async (t) => {
    const { pool, threads } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    for (const { calls } of threads) calls.length = 0
    await pool.prepare(specOf(2))
    for (const { calls } of threads) assert.deepEqual(calls, ['prepare 2'])
    assert.deepEqual([pool.serving(1), pool.serving(2)], [2, 0])
    await pool.commit(specOf(2), OTHER_ADDRESS)
    for (const { calls } of threads) assert.deepEqual(calls, ['prepare 2', 'commit 2', 'listen 9000'])
    // Whoever waits for the old one must not think that nobody serves.
    assert.deepEqual([pool.serving(1), pool.serving(2)], [2, 2])
  })

  test('one that cannot take over is replaced, and its error is told', async (t) => {
    const { pool, threads } = fakePool(t, 2, (thread, method) =>
      thread.row === 1 && method === 'listen' && thread.calls.includes('commit 2')
        ? new Error('no port')
        : undefined
    )
    await pool.start(specOf(1), ADDRESS)
    await pool.prepare(specOf(2))
    const errors = await pool.commit(specOf(2), OTHER_ADDRESS)
    assert.deepEqual(
      errors.map(({ message }) => message),
      ['no port']
    )
    await settle()
    assert.equal(pool.serving(2), 1)
    assert.equal(threads[0]!.calls.at(-1), 'listen 9000')
  })

  test('one that cannot prepare aborts it in all, and its error is told', async (t) => {
    let isBroken = false
    const { pool, threads } = fakePool(t, 3, (thread, method) =>
      isBroken && thread.row === 1 && method === 'prepare' ? new Error('no such plugin') : undefined
    )
    await pool.start(specOf(1), ADDRESS)
    isBroken = true
    await assert.rejects(pool.prepare(specOf(2)), /no such plugin/)
    for (const { calls } of threads) assert.equal(calls.at(-1), 'abort 2')
    assert.equal(pool.serving(1), 3)
    isBroken = false
    await pool.prepare(specOf(3))
    await pool.commit(specOf(3), ADDRESS)
    assert.equal(pool.serving(3), 3)
  })

  test('a slow thread holds up the second phase for all', async (t) => {
    let release = (): void => {}
    const { pool, threads } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    const { control } = threads[1]!
    const prepare = control.prepare.bind(control)
    control.prepare = async (spec) => {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      await prepare(spec)
    }
    let isPrepared = false
    const prepared = pool.prepare(specOf(2)).then(() => (isPrepared = true))
    await settle()
    assert.equal(isPrepared, false)
    release()
    await prepared
  })
})

suite('a thread that dies', () => {
  test('is told with its reason, its error and the wait, and comes back with the generation that is served', async (t) => {
    const { pool, threads, deaths, restarts, news, advance } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    await pool.prepare(specOf(2))
    await pool.commit(specOf(2), OTHER_ADDRESS)
    const told = news.oldest
    const error = new Error('boom')
    threads[0]!.die('uncaught_exception', error)
    await settle()
    assert.deepEqual(deaths, [{ row: 0, reason: 'uncaught_exception', error, restartIn: 100 }])
    assert.equal(pool.serving(2), 1)
    assert.equal(news.oldest, told + 1)
    await advance(99)
    assert.equal(threads.length, 2)
    await advance(1)
    assert.deepEqual([threads[2]?.row, threads[2]?.calls], [0, ['prepare 2', 'commit 2', 'listen 9000']])
    assert.deepEqual(restarts, [0])
    assert.equal(pool.serving(2), 2)
  })

  test('while a generation is prepared does not fail it, and comes back with it', async (t) => {
    const { pool, threads, advance } = fakePool(t, 2, (thread, method) => {
      if (thread.row === 1 && method === 'prepare' && thread.calls.includes('prepare 2'))
        thread.die('stalled')
      return undefined
    })
    await pool.start(specOf(1), ADDRESS)
    await pool.prepare(specOf(2))
    await pool.commit(specOf(2), ADDRESS)
    assert.equal(pool.serving(2), 1)
    // Its successor dies of the same, as a real one might.
    await advance(100)
    assert.equal(threads.length, 3)
    await advance(200)
    assert.equal(threads.length, 4)
    assert.equal(threads[3]?.calls[0], 'prepare 2')
  })

  test('while a generation is committed does not fail it, and comes back with it', async (t) => {
    let isFatal = true
    const { pool, threads, advance } = fakePool(t, 2, (thread, method) => {
      if (isFatal && thread.row === 1 && method === 'commit' && thread.calls.includes('commit 2'))
        thread.die()
      return undefined
    })
    await pool.start(specOf(1), ADDRESS)
    await pool.prepare(specOf(2))
    // Its death is told of by itself.
    assert.deepEqual(await pool.commit(specOf(2), ADDRESS), [])
    assert.equal(pool.serving(2), 1)
    isFatal = false
    await advance(100)
    assert.deepEqual(threads[2]?.calls, ['prepare 2', 'commit 2', 'listen 8080'])
    assert.equal(pool.serving(2), 2)
  })

  test('and waits for its turn is brought to a generation that was committed meanwhile', async (t) => {
    const { pool, threads, advance } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    threads[1]!.die()
    await settle()
    await pool.prepare(specOf(2))
    await pool.commit(specOf(2), OTHER_ADDRESS)
    await advance(100)
    assert.deepEqual(threads[2]?.calls, ['prepare 2', 'commit 2', 'listen 9000'])
  })

  test('and is being brought up during a commit goes on to the new generation', async (t) => {
    let release = (): void => {}
    const { pool, threads, advance } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    threads[1]!.die()
    await advance(100)
    const newcomer = threads[2]!
    newcomer.die()
    await advance(199)
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await pool.prepare(specOf(2))
    const { control } = threads[0]!
    const commit = control.commit.bind(control)
    control.commit = async (version) => {
      await held
      await commit(version)
    }
    const committed = pool.commit(specOf(2), ADDRESS)
    await advance(1)
    release()
    await committed
    await settle()
    assert.equal(pool.serving(2), 2)
  })

  test('and is back on the old generation between the two phases still comes to the new one', async (t) => {
    const { pool, threads, advance } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    threads[1]!.die()
    await settle()
    await pool.prepare(specOf(2))
    await advance(100)
    assert.deepEqual(threads[2]?.calls, ['prepare 1', 'commit 1', 'listen 8080'])
    await pool.commit(specOf(2), ADDRESS)
    await advance(60_000)
    assert.equal(pool.serving(2), 2)
  })

  test('waits twice as long after each death in a row, at most ten seconds', async (t) => {
    const { pool, threads, deaths, restarts, advance } = fakePool(t, 1)
    await pool.start(specOf(1), ADDRESS)
    for (let count = 0; count < 9; count++) {
      threads.at(-1)!.die()
      await settle()
      await advance(deaths.at(-1)!.restartIn)
    }
    assert.deepEqual(
      deaths.map(({ restartIn }) => restartIn),
      [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
    )
    assert.equal(restarts.length, 9)
    assert.equal(pool.serving(1), 1)
  })

  test('after a minute of life begins with the short wait again', async (t) => {
    const { pool, threads, deaths, advance } = fakePool(t, 1)
    await pool.start(specOf(1), ADDRESS)
    for (const lived of [0, 60_000, 60_001]) {
      await advance(lived)
      threads.at(-1)!.die()
      await settle()
      await advance(deaths.at(-1)!.restartIn)
    }
    assert.deepEqual(
      deaths.map(({ restartIn }) => restartIn),
      [100, 200, 100]
    )
  })

  test('in one row does not lengthen the wait of another', async (t) => {
    const { pool, threads, deaths, advance } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    threads[0]!.die()
    await advance(100)
    threads[2]!.die()
    threads[1]!.die()
    await settle()
    assert.deepEqual(
      deaths.map(({ row, restartIn }) => [row, restartIn]),
      [
        [0, 100],
        [0, 200],
        [1, 100]
      ]
    )
  })

  test('is replaced again when its successor cannot be brought up', async (t) => {
    let isBroken = false
    const { pool, threads, deaths, restarts, advance } = fakePool(t, 1, (_thread, method) =>
      isBroken && method === 'listen' ? new Error('in use') : undefined
    )
    await pool.start(specOf(1), ADDRESS)
    isBroken = true
    threads[0]!.die('stalled')
    await advance(100)
    assert.deepEqual(
      deaths.map(({ reason }) => reason),
      ['stalled', 'uncaught_exception']
    )
    isBroken = false
    await advance(200)
    assert.deepEqual([restarts, pool.serving(1)], [[0], 1])
  })

  test('was ended because it no longer answered says so', async (t) => {
    const { pool, deaths } = fakePool(t, 2)
    await pool.start(specOf(1), ADDRESS)
    pool.terminate(1, 'stalled')
    pool.terminate(7, 'stalled')
    await settle()
    assert.deepEqual(
      deaths.map(({ row, reason }) => [row, reason]),
      [[1, 'stalled']]
    )
  })
})
