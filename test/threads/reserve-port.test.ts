import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { authority, ListenError, reservePort, supportsReusePort } from '../../src/threads/reserve-port.ts'

async function listening(t: TestContext, reusePort = false): Promise<{ server: Server; port: number }> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1', reusePort })
  t.after(() => server.close())
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

test('port 0 gives a free port that can then be listened on', async (t) => {
  const port = await reservePort('127.0.0.1', 0)
  assert.ok(port > 0)
  const server = createServer().listen(port, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
})

test('a port that is free is given back', async () => {
  const port = await reservePort('127.0.0.1', 0)
  assert.equal(await reservePort('127.0.0.1', port), port)
})

test('a port in use is an error of one line that names it, even if its owner shares it', async (t) => {
  for (const reusePort of [false, await supportsReusePort('127.0.0.1', 0)]) {
    const { port } = await listening(t, reusePort)
    await assert.rejects(reservePort('127.0.0.1', port), (error) => {
      assert.ok(error instanceof ListenError)
      assert.equal(error.message, `cannot listen on 127.0.0.1:${port}: the port is in use`)
      return true
    })
  }
})

test('an address that this machine does not have is an error that says so', async () => {
  await assert.rejects(reservePort('192.0.2.1', 8080), {
    name: 'ListenError',
    message: 'cannot listen on 192.0.2.1:8080: this machine has no such address'
  })
})

test('a host name that does not exist is an error that says so', async () => {
  await assert.rejects(
    reservePort('no-such-host.invalid', 8080),
    /^ListenError: cannot listen on no-such-host/
  )
})

test('a port that others hold for themselves cannot be shared', async (t) => {
  const { port } = await listening(t)
  assert.equal(await supportsReusePort('127.0.0.1', port), false)
})

test('an IPv6 address stands in brackets', () => {
  assert.equal(authority('::1', 80), '[::1]:80')
  assert.equal(authority('127.0.0.1', 80), '127.0.0.1:80')
  assert.equal(authority('localhost', 80), 'localhost:80')
})
