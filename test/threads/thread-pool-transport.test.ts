import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Redirect, TlsMaterial } from '../../src/threads/messages.ts'
import { ADDRESS, fakePool, settle, specOf } from './fake-threads.ts'

function materialOf(host: string): TlsMaterial {
  return { certificates: [{ cert: '', key: '', hosts: [host] }], ticketKeys: new Uint8Array(48) }
}

function redirectAt(port: number, httpsPort = ADDRESS.port): Redirect {
  return { address: { ...ADDRESS, port }, httpsPort }
}

suite('certificates', () => {
  test('are there before a thread listens', async (t) => {
    const { pool, threads } = fakePool(t, 2)
    assert.deepEqual(await pool.secure(materialOf('a.example')), [])
    await pool.start(specOf(1), ADDRESS)
    for (const { calls } of threads)
      assert.deepEqual(calls, ['prepare 1', 'commit 1', 'secure a.example', 'listen 8080'])
  })

  test('new ones reach all threads, and one that comes back later', async (t) => {
    const { pool, threads, advance } = fakePool(t, 2)
    await pool.secure(materialOf('a.example'))
    await pool.start(specOf(1), ADDRESS)
    await pool.secure(materialOf('b.example'))
    for (const { calls } of threads) assert.equal(calls.at(-1), 'secure b.example')
    threads[0]!.die()
    await advance(100)
    assert.deepEqual(threads[2]?.calls, ['prepare 1', 'commit 1', 'secure b.example', 'listen 8080'])
  })

  test('a thread that cannot take them is replaced, and its error is told', async (t) => {
    const { pool, threads, advance } = fakePool(t, 2, (thread, method) =>
      method === 'secure' && thread === threads[1] && thread.calls.includes('listen 8080')
        ? new Error('no such curve')
        : undefined
    )
    await pool.secure(materialOf('a.example'))
    await pool.start(specOf(1), ADDRESS)
    const errors = await pool.secure(materialOf('b.example'))
    assert.deepEqual(
      errors.map(({ message }) => message),
      ['no such curve']
    )
    await advance(100)
    assert.equal(threads.length, 3)
    assert.ok(threads[2]?.calls.includes('secure b.example'))
    assert.equal(pool.serving(1), 2)
  })
})

suite('the redirect', () => {
  test('comes after the public listener, and with a thread that comes back', async (t) => {
    const { pool, threads, advance } = fakePool(t, 1)
    await pool.start(specOf(1), ADDRESS, redirectAt(80))
    threads[0]!.die()
    await advance(100)
    for (const { calls } of threads)
      assert.deepEqual(calls, ['prepare 1', 'commit 1', 'listen 8080', 'redirect 80'])
  })

  test('is let go of before its port may be listened on, and follows the public port', async (t) => {
    const { pool, threads } = fakePool(t, 1)
    const { calls } = await pool.start(specOf(1), ADDRESS, redirectAt(80)).then(() => threads[0]!)
    const commit = async (version: number, port: number, redirect?: Redirect): Promise<string[]> => {
      calls.length = 0
      await pool.prepare(specOf(version))
      await pool.commit(specOf(version), { ...ADDRESS, port }, redirect)
      await settle()
      return calls.slice(2)
    }
    assert.deepEqual(await commit(2, 8080, redirectAt(80)), ['listen 8080'])
    assert.deepEqual(await commit(3, 8443, redirectAt(80, 8443)), ['listen 8443', 'redirect 80'])
    assert.deepEqual(await commit(4, 80, redirectAt(8443, 80)), [
      'redirect nowhere',
      'listen 80',
      'redirect 8443'
    ])
    assert.deepEqual(await commit(5, 8443), ['redirect nowhere', 'listen 8443'])
    assert.deepEqual(await commit(6, 8443), ['listen 8443'])
  })
})
