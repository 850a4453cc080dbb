import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionOptions, isHopByHop } from '../../src/forwarding/hop-by-hop.ts'
import { fields } from './fields.ts'

test('fields of one connection end at this hop', () => {
  for (const name of [
    'connection',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authentication-info',
    'proxy-authorization',
    'proxy-connection',
    'te',
    'transfer-encoding',
    'upgrade'
  ]) {
    assert.equal(isHopByHop(name, undefined), true, name)
  }
})

test('all other fields go on', () => {
  for (const name of ['host', 'cookie', 'authorization', 'content-length', 'trailer', 'x-any', 'via']) {
    assert.equal(isHopByHop(name, undefined), false, name)
  }
})

test('what Connection names ends here too, in whatever spelling and however often Connection comes', () => {
  const options = connectionOptions(
    fields('connection: X-One , close,, keep-alive', 'X-One: 1', 'CONNECTION: x-TWO')
  )
  assert.deepEqual(options && [...options], ['x-one', 'x-two'])
  assert.equal(isHopByHop('x-one', options), true)
  assert.equal(isHopByHop('x-three', options), false)
})

test('a Connection that only says how long it lives names nothing', () => {
  assert.equal(connectionOptions(['Connection', 'Keep-Alive', 'Connection', 'close']), undefined)
  assert.equal(connectionOptions(['X-Connection', 'x-one']), undefined)
  assert.equal(connectionOptions([]), undefined)
})

test('a value that looks like the name of a field is none', () => {
  assert.equal(connectionOptions(['X-Note', 'connection', 'Accept', 'x-one']), undefined)
})
