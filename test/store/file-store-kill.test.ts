import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { StoreSnapshot } from '../../src/store/registrations.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { openFileStore } from './open-file-store.ts'

const ROUNDS = 5
const CHILD = join(import.meta.dirname, 'writing-child.ts')
/** The child removes a backend once the one that is so many later is registered. */
const REMOVED_AFTER = 6

interface Told {
  /** Numbers of backends whose registration, or removal, was acknowledged. */
  readonly put: Set<number>
  readonly removed: Set<number>
  readonly warnings: string[]
}

/** Runs the child until `time` milliseconds after its first acknowledgement, and kills it. */
async function killedWriter(t: TestContext, folder: string, first: number, time: number): Promise<Told> {
  const child = spawn(process.execPath, [CHILD, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.after(() => child.kill('SIGKILL'))
  const told: Told = { put: new Set(), removed: new Set(), warnings: [] }
  const lines = createInterface(child.stdout)
  const ended = once(child, 'close')
  lines.on('line', (line) => {
    const [word, number] = line.split(' ')
    if (word === 'put') told.put.add(Number(number))
    else if (word === 'removed') told.removed.add(Number(number))
    else told.warnings.push(line)
  })
  await Promise.race([once(lines, 'line'), ended])
  await delay(time)
  child.kill('SIGKILL')
  assert.deepEqual(await ended, [null, 'SIGKILL'], 'it does not end by itself')
  return told
}

function numbersOf({ entries }: StoreSnapshot): Set<number> {
  return new Set([...entries.values()].map(({ url }) => Number(/\d+/.exec(url)![0])))
}

test('what was acknowledged outlives a process that is killed at any moment', async (t) => {
  const folder = await temporaryFolder(t, {})
  const put = new Set<number>()
  const removed = new Set<number>()
  let first = 0
  for (let round = 0; round < ROUNDS; round++) {
    const time = Math.random() * 40
    const told = await killedWriter(t, folder, first, time)
    assert.ok(told.put.size > 0)
    for (const number of told.put) put.add(number)
    for (const number of told.removed) removed.add(number)
    const { store, warnings } = await openFileStore(t, folder)
    assert.deepEqual([...told.warnings, ...warnings], [], 'no file is ever bad')
    const found = numbersOf(store.snapshot)
    await store.close()
    for (const number of put) {
      // The child asks for the removal of one once that many later is registered, and may be killed before the answer.
      if (!put.has(number + REMOVED_AFTER))
        assert.ok(found.has(number), `round ${round}, ${time} ms: ${number} is lost`)
    }
    for (const number of removed) assert.ok(!found.has(number), `round ${round}: ${number} is back`)
    // Those that are removed stay so.
    first = Math.max(...put, ...found) + 1 + REMOVED_AFTER
  }
})
