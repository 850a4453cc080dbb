import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { placeOf } from './blocks.ts'
import { readDocuments } from './documents.ts'
import { jsonDiffers, textDiffers } from './shape.ts'
import { waysOf } from './ways.ts'

const BLOCKS = (await readDocuments()).flatMap(({ blocks }) => blocks)

suite('messages in the documents', () => {
  for (const block of BLOCKS.filter((each) => waysOf(each).includes('json'))) {
    test(`${placeOf(block)} is JSON`, () => void JSON.parse(block.text))
  }

  for (const block of BLOCKS.filter((each) => waysOf(each).includes('http'))) {
    test(`${placeOf(block)} is a message of HTTP`, () => {
      const [first = '', ...fields] = block.text.split('\n\n')[0]!.trimEnd().split('\n')
      assert.match(first, /^(?:HTTP\/[\d.]+ \d{3}(?: .*)?|[A-Z]+ \S+ HTTP\/[\d.]+)$/)
      for (const field of fields) assert.match(field, /^[A-Za-z0-9-]+: .*$/)
    })
  }
})

suite('an output has the shape that is shown', () => {
  test('of text: numbers are any numbers, and … is anything', () => {
    assert.equal(textDiffers('a 12 30% x…z\n…\nend', 'a   7 5% xyz\nmore\nand more\nend\n'), undefined)
    assert.equal(textDiffers('HTTP/1.1 200 OK\n…', 'HTTP/1.1 200 OK\r\na: b\r\n'), undefined)
    for (const [shown, actual] of [
      ['a 12', 'b 12'],
      ['a 12%', 'a 12'],
      ['a', 'a\nb'],
      ['a\nb', 'a'],
      ['HTTP/1.1 200 OK', 'HTTP/1.1 503 OK'],
      ['127.0.0.1:1', '127.0.0.1:2']
    ] as const) {
      assert.notEqual(textDiffers(shown, actual), undefined, shown)
    }
  })

  test('of JSON: the same properties and texts', () => {
    const shown = { a: 1, b: ['x', '…'], c: { d: 'y…', e: null }, '…': '…' }
    assert.equal(jsonDiffers(shown, { a: 2, b: ['x', 3], c: { d: 'yz', e: null }, f: 0 }), undefined)
    for (const actual of [
      { a: 'one', b: ['x'], c: { d: 'y', e: null } },
      { a: 1, b: [], c: { d: 'y', e: null } },
      { a: 1, b: ['x'], c: { d: 'y', e: null, f: 1 } },
      { a: 1, b: ['x'], c: { d: 'y' } }
    ]) {
      assert.notEqual(jsonDiffers(shown, actual), undefined)
    }
  })
})
