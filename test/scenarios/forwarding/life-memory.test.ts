import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Direction, largeTransfer } from '../../helpers/large-transfer.ts'

const MIB = 1024 * 1024
const directions: readonly Direction[] = ['download', 'upload']

for (const direction of directions) {
  test(`a large ${direction} to a slow reader passes through little memory`, async (t) => {
    const growth = await largeTransfer(t, direction, 192 * MIB)
    assert.ok(growth < 64 * MIB, `${Math.round(growth / MIB)} MiB more`)
  })
}
