import assert from 'node:assert/strict'
import { METHODS } from 'node:http'
import { test } from 'node:test'
import { forwarded, request, startWire } from './wire.ts'

/** Those that make a tunnel, or echo what the client's proxies added, and one that Node's parser itself refuses. */
const REFUSED = ['CONNECT', 'TRACE']

test('every method that the parser knows reaches the backend', async (t) => {
  const wire = await startWire(t)
  for (const method of METHODS.filter((name) => !REFUSED.includes(name))) {
    const { received, answer } = await wire.exchange(request(`${method} /x`))
    assert.equal(received, forwarded(`${method} /x`))
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/, method)
  }
})

test('TRACE, CONNECT and methods that nobody knows are 501 and reach no backend', async (t) => {
  const wire = await startWire(t)
  for (const line of ['TRACE /x', 'CONNECT a:443', 'CONNECT /x', 'BREW /x', 'get /x', 'X-Custom+1 /x']) {
    const { received, answer } = await wire.exchange(request(line))
    assert.match(answer, /^HTTP\/1\.1 501 Not Implemented\r\n/, line)
    assert.match(answer, /^content-type: application\/problem\+json\r$/im, line)
    assert.equal(received, '', line)
  }
})

test('a method that nobody knows is 501 behind another request, too', async (t) => {
  const wire = await startWire(t)
  const first = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n'
  const { answer } = await wire.exchange(`${first}${request('BREW /2')}`)
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*okHTTP\/1\.1 501 Not Implemented\r\n/)
})
