import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Pace, type Rate } from '../../src/limits/gcra.ts'
import { createLimitTable, LimitTable, type LimitTableShare } from '../../src/limits/limit-table.ts'
import { sharedNow } from '../../src/shared-clock.ts'
import type { Taken, Task } from './taking-thread.ts'

const FAST: Rate = { limit: 1_000_000, per: 1000, burst: 1_000_000 }

interface Started {
  readonly thread: Worker
  readonly gate: Int32Array
  /** What it says when it is done. */
  readonly done: Promise<Taken>
}

async function start(share: LimitTableShare, row: number, task: Partial<Task> = {}): Promise<Started> {
  const { gate = new Int32Array(new SharedArrayBuffer(4)) } = task
  const workerData: Task = {
    share,
    row,
    rate: FAST,
    what: 'take',
    keys: ['key'],
    duration: 400,
    ...task,
    gate
  }
  const thread = new Worker(new URL('taking-thread.ts', import.meta.url), { workerData })
  await once(thread, 'message')
  const done = once(thread, 'message').then(([taken]) => taken as Taken)
  // Of one that only holds a lock nothing comes.
  done.catch(() => {})
  return { thread, gate, done }
}

function open(gate: Int32Array): void {
  Atomics.store(gate, 0, 1)
  Atomics.notify(gate, 0)
}

suite('threads that share a table', () => {
  for (const [threads, keyCount] of [
    [2, 1],
    [4, 1],
    [3, 50]
  ] as const) {
    test(`let together through what the limit says (${threads} threads, keys: ${keyCount})`, async () => {
      // The burst bridges half a second when nobody has the processor.
      const limit = 20_000 / keyCount
      const rate: Rate = { limit, per: 1000, burst: limit / 2 }
      const keys = Array.from({ length: keyCount }, (_, index) => `key ${index}`)
      const gate = new Int32Array(new SharedArrayBuffer(4))
      const share = createLimitTable(1000, [1, 2])
      const started = await Promise.all(
        Array.from({ length: threads }, (_, row) => start(share, row, { rate, keys, gate }))
      )
      open(gate)
      const taken = await Promise.all(started.map(({ done }) => done))
      const time = Math.max(...taken.map(({ last }) => last)) - Math.min(...taken.map(({ first }) => first))
      // Each moment is told to the nearest tick.
      const bound = rate.burst + ((time + new Pace(rate).tick) * rate.limit) / rate.per
      for (const place of keys.keys()) {
        const sum = taken.reduce((total, { admitted }) => total + admitted[place]!, 0)
        assert.ok(sum <= bound, `${sum} of ${bound}`)
        assert.ok(sum >= 0.8 * bound, `${sum} of ${bound}`)
      }
      assert.ok(taken.every(({ asked }) => asked > 1000))
    })
  }

  test('wait for one that holds a lock, the main thread too', async () => {
    const share = createLimitTable(1, [1, 2])
    const holder = await start(share, 1, { what: 'hold', duration: 50 })
    const table = new LimitTable(share, 0)
    const since = sharedNow()
    open(holder.gate)
    assert.ok(table.take('key', 1, since, new Pace(FAST)).isAdmitted)
    assert.ok(sharedNow() - since > 40)
    await once(holder.thread, 'exit')
  })

  test('go on after one was stopped in the middle of its work', async () => {
    const share = createLimitTable(1, [1, 2])
    const table = new LimitTable(share, 0)
    for (let round = 0; round < 6; round++) {
      const { thread, gate } = await start(share, 1, { duration: 60_000 })
      open(gate)
      await delay(10 + 3 * round)
      await thread.terminate()
      table.releaseLocksOf(1)
      table.take('key', 1, sharedNow() + 10_000, new Pace(FAST))
      assert.ok(table.isAdmitted)
    }
  })

  test('go on when a lock is opened that one held when it died', async () => {
    const share = createLimitTable(1, [1, 2])
    const holder = await start(share, 1, { what: 'hold', duration: 60_000 })
    await holder.thread.terminate()
    const other = await start(share, 2, { duration: 1 })
    open(other.gate)
    const control = new LimitTable(share, -2)
    control.releaseLocksOf(0)
    control.releaseLocksOf(2)
    assert.equal(await Promise.race([other.done, delay(100, 'waits')]), 'waits')
    control.releaseLocksOf(1)
    const { admitted } = await other.done
    assert.ok(admitted[0]! >= 1)
  })
})
