/*
 * Registers a backend and removes the sixth before it, again and again, several at a time, until it is killed. Arguments:
 * the store's folder, the number of the first backend. It prints `put N` and `removed N` once the store has answered.
 */
import { writeSync } from 'node:fs'
import { FileStore } from '../../src/store/file-store.ts'
import { put, remove } from './entries.ts'

/** Backends that are written at a time. */
const TOGETHER = 3
/** A backend is removed once the one that is so many later is registered. */
const REMOVED_AFTER = 6

const [folder = '', first = '0'] = process.argv.slice(2)
const log = { warn: (details: unknown) => void writeSync(1, `warned ${JSON.stringify(details)}\n`) }
const store = await FileStore.open({ folder, id: 'child', now: Date.now, log })

async function turn(number: number): Promise<void> {
  await store.write(put(`http://backend-${number}:80`))
  writeSync(1, `put ${number}\n`)
  if (number < REMOVED_AFTER) return
  await store.write(remove(`http://backend-${number - REMOVED_AFTER}:80`))
  writeSync(1, `removed ${number - REMOVED_AFTER}\n`)
}

for (let number = Number(first); ; number += TOGETHER) {
  await Promise.all(Array.from({ length: TOGETHER }, (_, index) => turn(number + index)))
}
