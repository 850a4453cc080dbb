import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { unusablePortMessage, unusablePorts } from '../../examples/marketplace/ports.ts'

async function busyPort(t: TestContext): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('ports that are free stay free', async () => {
  const listeners = [{ name: 'catalog-1', host: '127.0.0.1', port: 0 }]
  assert.deepEqual(await unusablePorts(listeners), [])
})

test('every port that is in use is named, with who needs it', async (t) => {
  const one = { name: 'catalog-2', host: '127.0.0.1', port: await busyPort(t) }
  const free = { name: 'catalog-3', host: '127.0.0.1', port: 0 }
  const wildcard = { name: 'gateway', host: '0.0.0.0', port: await busyPort(t) }
  const found = await unusablePorts([one, free, wildcard])
  assert.deepEqual(found, [
    { listener: one, code: 'EADDRINUSE' },
    { listener: wildcard, code: 'EADDRINUSE' }
  ])
  assert.equal(
    unusablePortMessage(found[0]!),
    `port ${one.port} on 127.0.0.1, needed by catalog-2, is in use: stop what listens there`
  )
})

test('a port that is refused for another reason says which', () => {
  const listener = { name: 'gateway', host: '0.0.0.0', port: 80 }
  assert.equal(
    unusablePortMessage({ listener, code: 'EACCES' }),
    "port 80 on 0.0.0.0, needed by gateway, can't be used (EACCES)"
  )
})
