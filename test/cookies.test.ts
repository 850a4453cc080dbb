import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieValues, withoutCookies } from '../src/cookies.ts'

test('all cookies of a name are found, as they stand there', () => {
  assert.deepEqual(cookieValues('a=1; b=2;a="3"; aa=4; ba=5; a=x=y; a=', 'a'), ['1', '"3"', 'x=y', ''])
  assert.deepEqual(cookieValues('toString=1; a; =2; ;', 'a'), [])
  assert.deepEqual(cookieValues('A=1', 'a'), [])
  assert.deepEqual(cookieValues(undefined, 'a'), [])
})

test('some are left out, the others stay as they stand there', () => {
  const isOdd = (value: string): boolean => Number(value) % 2 === 1
  assert.equal(withoutCookies('x=0;  a=1; b=1;a=2', 'a', isOdd), 'x=0; b=1;a=2')
  assert.equal(withoutCookies('a=1; b=1', 'a', isOdd), 'b=1')
  assert.equal(withoutCookies('b=1; a=1', 'a', isOdd), 'b=1')
  assert.equal(withoutCookies('a=1;a=3', 'a', isOdd), '')
  assert.equal(withoutCookies('b=1;  c', 'a', isOdd), 'b=1;  c')
})
