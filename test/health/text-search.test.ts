import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TextSearch } from '../../src/health/text-search.ts'

function feed(search: TextSearch, ...chunks: string[]): string {
  let seen = 'more'
  for (const chunk of chunks) {
    if (seen !== 'more') break
    seen = search.push(Buffer.from(chunk))
  }
  return seen
}

test('a text is found inside one chunk', () => {
  assert.equal(feed(new TextSearch('ready', 100), 'I am ready now'), 'found')
})

test('a text is found across any number of chunks', () => {
  assert.equal(feed(new TextSearch('ready', 100), 'I am r', 'ea', 'd', 'y'), 'found')
  assert.equal(feed(new TextSearch('ready', 100), ...Array.from('so re-ready')), 'found')
})

test('a character split between chunks is found', () => {
  const bytes = Buffer.from('ça va')
  const search = new TextSearch('ça', 100)
  assert.equal(search.push(bytes.subarray(0, 1)), 'more')
  assert.equal(search.push(bytes.subarray(1)), 'found')
})

test('a text that ends exactly at the limit is found, one byte later it is not', () => {
  assert.equal(feed(new TextSearch('ready', 10), '12345ready'), 'found')
  assert.equal(feed(new TextSearch('ready', 10), '123456ready'), 'exhausted')
  assert.equal(feed(new TextSearch('ready', 10), '123456rea', 'dy'), 'exhausted')
})

test('what is left out stays out: a text with a gap is not found', () => {
  assert.equal(feed(new TextSearch('ready', 100), 're', '-', 'ady'), 'more')
})

test('a text of one character is found in a later chunk', () => {
  assert.equal(feed(new TextSearch('k', 100), 'o', 'k'), 'found')
})

test('an empty text is found in anything', () => {
  assert.equal(feed(new TextSearch('', 100), 'x'), 'found')
})
