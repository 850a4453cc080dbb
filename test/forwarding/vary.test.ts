import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  forwardedResponseHeaders,
  type ResponseHeaderOptions
} from '../../src/forwarding/response-headers.ts'
import { mergedVary } from '../../src/forwarding/vary.ts'

test('several Vary fields become one that names everything once', () => {
  assert.equal(mergedVary(['Accept, ORIGIN', 'Origin', ' , accept,Cookie']), 'Accept, ORIGIN, Cookie')
  assert.equal(mergedVary(['Origin', 'Accept, *']), '*')
  assert.equal(mergedVary(['', ',']), '')
})

/** The Vary fields of a response. */
function varies(headers: string[], own: object, set: Record<string, string> = {}, remove: string[] = []) {
  const changes = { set, remove }
  const options = { own: own as ResponseHeaderOptions['own'], requestId: '', changes }
  const out = forwardedResponseHeaders(headers, options)
  return out.flatMap((name, index) => (index % 2 === 0 && /^vary$/i.test(name) ? [out[index + 1]] : []))
}

test("a hook's Vary joins the backend's and the route's", () => {
  const backend = ['Vary', 'Accept-Encoding', 'vary', 'origin']
  const own = { vary: 'Origin' }
  assert.deepEqual(varies(backend, {}), ['Accept-Encoding', 'origin'])
  assert.deepEqual(varies([], own), ['Origin'])
  assert.deepEqual(varies(backend, own), ['Accept-Encoding, origin'])
  assert.deepEqual(varies(['Vary', '*'], own), ['*'])
  assert.deepEqual(varies(backend, own, { vary: 'Cookie' }), ['Cookie, Origin'])
  assert.deepEqual(varies(backend, {}, { vary: 'Cookie' }), ['Cookie'])
  assert.deepEqual(varies(backend, own, {}, ['vary']), ['Origin'])
  assert.deepEqual(varies(backend, { vary: ['Cookie', 'Origin'] }), ['Accept-Encoding, origin, Cookie'])
})
