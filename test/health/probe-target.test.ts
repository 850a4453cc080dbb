import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetOf } from '../../src/health/probe-target.ts'

test('a target has the origin’s host and port', () => {
  assert.deepEqual(targetOf('http://10.0.0.1:3001'), {
    hostname: '10.0.0.1',
    port: 3001,
    secure: false,
    servername: '',
    authority: '10.0.0.1:3001'
  })
})

test('without a port it is the scheme’s', () => {
  assert.equal(targetOf('http://shop.example').port, 80)
  assert.equal(targetOf('https://shop.example').port, 443)
})

test('another port to probe leaves the authority alone', () => {
  const target = targetOf('https://shop.example:8443', 9000)
  assert.equal(target.port, 9000)
  assert.equal(target.authority, 'shop.example:8443')
})

test('an IPv6 address loses its brackets where it is dialled and keeps them in the authority', () => {
  const target = targetOf('http://[::1]:3001')
  assert.equal(target.hostname, '::1')
  assert.equal(target.authority, '[::1]:3001')
})

test('whose name was resolved already keeps it, for Host and SNI', () => {
  const target = targetOf('https://10.0.0.1:8443', undefined, 'catalog.internal:8443')
  assert.deepEqual(
    [target.hostname, target.authority, target.servername],
    ['10.0.0.1', 'catalog.internal:8443', 'catalog.internal']
  )
})
