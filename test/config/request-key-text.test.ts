import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseRequestKey } from '../../src/config/request-key-text.ts'

suite('the key of a request, as text', () => {
  test('is the address or the path', () => {
    assert.deepEqual(parseRequestKey('ip'), { from: 'ip' })
    assert.deepEqual(parseRequestKey('path'), { from: 'path' })
  })

  test('is a header field, in lower case, or a cookie or query parameter, whose case counts', () => {
    assert.deepEqual(parseRequestKey('header:X-User-Id'), { from: 'header', name: 'x-user-id' })
    assert.deepEqual(parseRequestKey('cookie:Sid'), { from: 'cookie', name: 'Sid' })
    assert.deepEqual(parseRequestKey('query:User'), { from: 'query', name: 'User' })
  })

  test('may have a colon, spaces and more in the name of a query parameter', () => {
    assert.deepEqual(parseRequestKey('query:filter[a b]:ö'), { from: 'query', name: 'filter[a b]:ö' })
  })

  test('is nothing else', () => {
    const wrong = ['', 'IP', 'ip ', 'ip:', 'ip:x', 'path:/a', 'header', 'header:', 'Header:x', 'body:x']
    const names = [
      'header:x y',
      'header:x:y',
      'header:ö',
      'cookie:',
      'cookie:a=b',
      'cookie:a;b',
      'query:',
      'query:a\n'
    ]
    for (const text of [...wrong, ...names]) assert.equal(parseRequestKey(text), undefined, text)
  })
})
