import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderStore } from '../../examples/marketplace/folder-store.ts'
import { tempFolder } from './temp-folder.ts'

const LEVEL = { sku: 'HOM-001', quantity: 7, updatedAt: null }

test('what one replica writes into the folder another one reads', async (t) => {
  const path = await tempFolder(t)
  const one = await folderStore(path)
  const two = await folderStore(path)
  assert.equal(await two.inventory.get('HOM-001'), undefined)
  await one.inventory.put('HOM-001', LEVEL)
  await one.inventory.put('BOO-001', { ...LEVEL, sku: 'BOO-001' })
  assert.deepEqual(await two.inventory.get('HOM-001'), LEVEL)
  assert.deepEqual(await two.inventory.keys(), ['BOO-001', 'HOM-001'])
  assert.deepEqual(await two.orders.keys(), [])
})

test('writing at once leaves one whole record', async (t) => {
  const { inventory } = await folderStore(await tempFolder(t))
  await Promise.all(
    Array.from({ length: 20 }, (_, quantity) => inventory.put('HOM-001', { ...LEVEL, quantity }))
  )
  assert.deepEqual(await inventory.keys(), ['HOM-001'])
  assert.equal((await inventory.get('HOM-001'))?.sku, 'HOM-001')
})

test('a key that would leave the folder is refused', async (t) => {
  const { inventory } = await folderStore(await tempFolder(t))
  await assert.rejects(inventory.get('../orders/x'), RangeError)
  await assert.rejects(inventory.put('', LEVEL), RangeError)
})
