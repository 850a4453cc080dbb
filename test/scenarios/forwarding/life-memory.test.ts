import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Direction, largeTransfer } from '../../helpers/large-transfer.ts'

const MIB = 1024 * 1024
/** A V8 without the flag of src/commands/body-garbage.ts gathers some 64 MiB of buffers before it frees any, whatever the size. */
const MOST = (process.versions.v8.startsWith('13.') ? 64 : 96) * MIB
const directions: readonly Direction[] = ['download', 'upload']

for (const direction of directions) {
  test(`a large ${direction} to a slow reader passes through little memory`, async (t) => {
    const growth = await largeTransfer(t, direction, 192 * MIB)
    assert.ok(growth < MOST, `${Math.round(growth / MIB)} MiB more`)
  })
}
