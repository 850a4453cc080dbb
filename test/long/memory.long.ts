import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Direction, largeTransfer } from '../helpers/large-transfer.ts'

const MIB = 1024 * 1024
const directions: readonly Direction[] = ['download', 'upload']

for (const direction of directions) {
  test(`a ${direction} of 1 GiB to a slow reader passes through less than 64 MiB of memory`, async (t) => {
    const growth = await largeTransfer(t, direction, 1024 * MIB)
    assert.ok(growth < 64 * MIB, `${Math.round(growth / MIB)} MiB more`)
  })
}
