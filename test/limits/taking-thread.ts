import { parentPort, workerData } from 'node:worker_threads'
import { Pace, type Rate } from '../../src/limits/gcra.ts'
import { LimitTable, type LimitTableShare } from '../../src/limits/limit-table.ts'
import { bucketLayout, SharedBuckets } from '../../src/limits/shared-buckets.ts'
import { sharedNow } from '../../src/shared-clock.ts'

/** What a thread is to do with a table. */
export interface Task {
  readonly share: LimitTableShare
  readonly row: number
  readonly rate: Rate
  /** `take`: as often as it can; `hold`: the lock of the only bucket. */
  readonly what: 'take' | 'hold'
  readonly keys: readonly string[]
  /** Milliseconds. */
  readonly duration: number
  /** A word that is 1 when it may begin; to `hold`, to let go again. */
  readonly gate: Int32Array
}

/** What came of it. */
export interface Taken {
  /** By key. */
  readonly admitted: readonly number[]
  readonly asked: number
  /** When it took first and last, as the table was told. */
  readonly first: number
  readonly last: number
}

function take({ share, row, rate, keys, duration, gate }: Task): Taken {
  const table = new LimitTable(share, row)
  const pace = new Pace(rate)
  const admitted = keys.map(() => 0)
  Atomics.wait(gate, 0, 0)
  const first = sharedNow()
  let [last, asked] = [first, 0]
  for (let now = first; now < first + duration; now = sharedNow()) {
    const place = asked++ % keys.length
    if (table.take(keys[place]!, 1, now, pace).isAdmitted) admitted[place] = admitted[place]! + 1
    last = now
  }
  return { admitted, asked, first, last }
}

function hold({ share, row, duration, gate }: Task): void {
  const buckets = new SharedBuckets(
    share.buffer,
    bucketLayout(1, () => 0),
    row
  )
  buckets.lock(0)
  parentPort!.postMessage('holds')
  Atomics.wait(gate, 0, 0)
  Atomics.wait(gate, 0, 1, duration)
  buckets.unlock(0)
}

const task = workerData as Task
if (task.what === 'hold') hold(task)
else {
  parentPort!.postMessage('ready')
  parentPort!.postMessage(take(task))
}
