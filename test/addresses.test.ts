import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import {
  type AddressConfig,
  firstAddresses,
  nextAddresses,
  shared,
  urlOf,
  withFreePorts
} from '../src/addresses.ts'
import type { ServerConfig } from '../src/config/types.ts'
import { OWN_LIMITS, publicLimits } from '../src/threads/client-limits.ts'
import { PLAIN } from '../src/threads/messages.ts'
import { DEFAULT_LIMITS } from './helpers/config-defaults.ts'

const CERTIFICATES = [{ cert: '/tls.crt', key: '/tls.key' }]

function configOf(server: Partial<ServerConfig> = {}, adminPort = 0): AddressConfig {
  return {
    server: {
      host: '127.0.0.1',
      port: 0,
      workers: 0,
      trustProxy: [],
      proxyProtocol: false,
      stallTimeout: 1_000,
      limits: DEFAULT_LIMITS,
      shutdown: { delay: 0, timeout: 0 },
      ...server
    },
    admin: { host: '127.0.0.1', port: adminPort, tokens: [] }
  }
}

async function takenPort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('the public address is shared by threads and says what is spoken there, the others are plain', async () => {
  const config = configOf({
    tls: { certificates: CERTIFICATES, http2: true },
    redirect: { port: 0 },
    proxyProtocol: true,
    trustProxy: ['10.0.0.0/8']
  })
  const { front, redirect, admin } = shared(await firstAddresses(config))
  assert.deepEqual(front.transport, { tls: true, http2: true, proxyProtocol: ['10.0.0.0/8'] })
  assert.equal(urlOf(front), `https://127.0.0.1:${front.port}`)
  for (const address of [redirect!.address, admin]) {
    assert.deepEqual(address.transport, { tls: false, http2: false, proxyProtocol: undefined })
    assert.equal(urlOf(address), `http://127.0.0.1:${address.port}`)
  }
  assert.equal(redirect?.httpsPort, front.port)
  assert.deepEqual([front.reusePort, redirect?.address.reusePort, admin.reusePort], [true, true, false])
})

test('what stays the same is the same address, also with its port written out', async () => {
  const tls = { certificates: CERTIFICATES, http2: true }
  const before = configOf({ tls, redirect: { port: 0 } })
  const current = await firstAddresses(before)
  const written = configOf({
    tls,
    port: current.front.port,
    redirect: { port: current.redirect!.address.port }
  })
  for (const next of [before, written]) {
    const { front, redirect, admin } = await nextAddresses(current, before, next)
    assert.equal(front, current.front)
    assert.equal(redirect?.address, current.redirect?.address)
    assert.equal(admin, current.admin)
  }
})

test('another transport makes another address on the same port', async () => {
  const before = configOf()
  const current = await firstAddresses(before)
  const next = configOf({ tls: { certificates: CERTIFICATES, http2: false } })
  const { front } = await nextAddresses(current, before, next)
  assert.deepEqual(front, {
    ...current.front,
    transport: { tls: true, http2: false, proxyProtocol: undefined }
  })
})

test('other limits of clients make another address on the same port', async () => {
  const before = configOf({ redirect: { port: 0 } })
  const current = await firstAddresses(before)
  assert.deepEqual(await nextAddresses(current, before, before), current)
  const limits = { ...DEFAULT_LIMITS, sendTimeout: 1000, maxHeaders: 50, bodyLimit: 1 }
  const { front, redirect, admin } = await nextAddresses(
    current,
    before,
    configOf({ redirect: { port: 0 }, limits })
  )
  assert.deepEqual(front, {
    ...current.front,
    limits: { ...current.front.limits, sendTimeout: 1000, maxHeaders: 50 }
  })
  assert.equal(redirect?.address.limits.maxHeaders, 50, 'what fits the public listener must get there')
  assert.deepEqual(admin, current.admin)
})

test('trusted proxies are of no account to the listener until addresses have a limit', async () => {
  const trustProxy = ['10.0.0.0/8']
  const { front } = await firstAddresses(configOf({ trustProxy }))
  assert.deepEqual(front.limits.manyConnections, [])
  const limits = { ...DEFAULT_LIMITS, maxConnectionsPerIp: 10 }
  const { front: limited } = await firstAddresses(configOf({ trustProxy, limits }))
  assert.deepEqual(limited.limits.manyConnections, trustProxy)
})

test('the public listener and the redirect may take over the port of the other', async (t) => {
  // Both are in use, by the gateway itself.
  const [a, b] = [await takenPort(t), await takenPort(t)]
  const before = configOf({ port: a, redirect: { port: b } })
  const [front, other] = [a, b].map((port) => ({
    host: '127.0.0.1',
    port,
    reusePort: false,
    transport: PLAIN,
    limits: OWN_LIMITS
  }))
  const admin = { ...front!, port: 1 }
  const current = { front: front!, redirect: { address: other!, httpsPort: a }, admin }
  const next = await nextAddresses(current, before, configOf({ port: b, redirect: { port: a } }))
  assert.deepEqual([next.front.port, next.redirect?.address.port, next.redirect?.httpsPort], [b, a, b])
  await assert.rejects(nextAddresses(current, before, configOf({ port: a, redirect: { port: a } })), {
    message: `cannot listen on 127.0.0.1:${a}: the port is in use`
  })
})

test('a port that somebody else listens on is an error', async (t) => {
  const port = await takenPort(t)
  const message = `cannot listen on 127.0.0.1:${port}: the port is in use`
  const current = await firstAddresses(configOf())
  for (const config of [configOf({ port }), configOf({ redirect: { port } }), configOf({}, port)]) {
    await assert.rejects(firstAddresses(config), { name: 'ListenError', message })
    await assert.rejects(nextAddresses(current, configOf(), config), { name: 'ListenError', message })
  }
})

test('a port that is ours goes with another host, if that is free otherwise', async (t) => {
  const port = await takenPort(t)
  const before = configOf({ port })
  const front = {
    host: '127.0.0.1',
    port,
    reusePort: false,
    transport: PLAIN,
    limits: publicLimits(before.server)
  }
  const current = { front, redirect: undefined, admin: { ...front, port: 1 } }
  for (const host of ['0.0.0.0', 'localhost', '127.0.0.2']) {
    const next = await nextAddresses(current, before, configOf({ host, port }))
    assert.deepEqual(next.front, { ...front, host })
  }
  const other = createServer().listen(port, '127.0.0.3')
  t.after(() => other.close())
  await once(other, 'listening')
  for (const [host, why] of [
    ['127.0.0.3', 'the port is in use'],
    ['192.0.2.1', 'this machine has no such address']
  ] as const) {
    await assert.rejects(nextAddresses(current, before, configOf({ host, port })), {
      message: `cannot listen on ${host}:${port}: ${why}`
    })
  }
})

suite('a start whose free port is somebody else’s by then', () => {
  const taken = new Error('listen EADDRINUSE: address already in use 127.0.0.1:1')
  for (const [name, config, failures, starts] of [
    ['is tried with others', { port: 0 }, 2, 3],
    ['is given up after some', { port: 0 }, 5, 3],
    ['is not tried again with a port that was asked for', { port: 8080 }, 1, 1]
  ] as const) {
    test(name, async () => {
      let count = 0
      const started = withFreePorts(configOf(config, 9090), async () => {
        if (++count <= failures) throw taken
      })
      if (failures < 3 && config.port === 0) await started
      else await assert.rejects(started, taken)
      assert.equal(count, starts)
    })
  }
})
