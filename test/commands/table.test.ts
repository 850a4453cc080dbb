import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTable } from '../../src/commands/table.ts'

test('columns are as wide as their widest cell, two spaces apart, without spaces at the end', () => {
  const rows = [
    ['NAME', 'PATH', 'X'],
    ['products', '/p', ''],
    ['o', '/orders/:id', 'y']
  ]
  assert.equal(
    formatTable(rows),
    ['NAME      PATH         X', 'products  /p', 'o         /orders/:id  y', ''].join('\n')
  )
})

test('a table without rows is nothing', () => {
  assert.equal(formatTable([]), '')
})
