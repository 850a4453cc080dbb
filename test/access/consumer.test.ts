import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consumerValue } from '../../src/access/consumer.ts'

test('visible ASCII stays as it is', () => {
  const visible = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 0x21 + index)).replace(
    '%',
    ''
  )
  assert.equal(consumerValue(visible), visible)
  assert.equal(consumerValue(''), '')
})

test('all else, and what encodes it, is encoded as UTF-8', () => {
  for (const [name, value] of [
    ['100%', '100%25'],
    ['%0d', '%250d'],
    ['a b', 'a%20b'],
    ['\r\nx: y\t\u0000\u007f', '%0D%0Ax:%20y%09%00%7F'],
    ['Ärger', '%C3%84rger'],
    ['日本🎉', '%E6%97%A5%E6%9C%AC%F0%9F%8E%89'],
    ['\u0080\u00ff', '%C2%80%C3%BF'],
    ['a\ud83dz', 'a%EF%BF%BDz']
  ] as const)
    assert.equal(consumerValue(name), value)
})

test('two names never look the same', () => {
  const names = ['a b', 'a%20b', 'a%2520b', 'a+b', 'a\u00a0b', 'A b']
  assert.equal(new Set(names.map(consumerValue)).size, names.length)
})
