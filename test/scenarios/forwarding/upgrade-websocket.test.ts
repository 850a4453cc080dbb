import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { type ClientOptions, WebSocket } from 'ws'
import { inFlight } from '../../helpers/gateway.ts'
import { type Lab, startLab } from '../../helpers/lab.ts'
import { until } from '../../helpers/until.ts'
import { startWebSocketBackend } from '../../helpers/web-socket-backend.ts'

/** Opens a WebSocket through the gateway. */
async function open(
  t: TestContext,
  lab: Lab,
  protocols: string[] = [],
  options: ClientOptions = {}
): Promise<WebSocket> {
  const socket = new WebSocket(`${lab.url.replace('http', 'ws')}/chat?room=1`, protocols, options)
  t.after(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

/** A message whose every byte depends on its place; sizes go through all of the protocol's length forms. */
function messageAt(index: number): Buffer {
  const size = index % 1_000 === 0 ? 100_000 : (index * 37) % 400
  return Buffer.alloc(size, `${index}.`)
}

for (const [what, deflate, workers] of [
  ['as they are', false, 0],
  ['compressed', true, 0],
  ['as they are, over two threads', false, 2]
] as const) {
  test(`10,000 messages of mixed sizes arrive intact, ${what}`, async (t) => {
    const backend = await startWebSocketBackend(t, {
      perMessageDeflate: deflate && { threshold: 64, zlibDeflateOptions: { level: 1 } }
    })
    const lab = await startLab(t, { backends: [backend.url], workers })
    const socket = await open(t, lab, [], { perMessageDeflate: deflate })
    assert.equal(socket.extensions, deflate ? 'permessage-deflate' : '')
    const COUNT = 10_000
    let received = 0
    let wrong = 0
    socket.on('message', (data, isBinary) => {
      const sent = messageAt(received)
      if (!sent.equals(data as Buffer) || isBinary !== (received % 2 === 0)) wrong++
      received++
    })
    for (let index = 0; index < COUNT; index++) {
      socket.send(messageAt(index), { binary: index % 2 === 0 })
      if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await until('all came back', () => received === COUNT, 60_000)
    assert.equal(wrong, 0)
    assert.equal(await inFlight(lab.gateway), 1)
    socket.close(1000, 'done')
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
    assert.deepEqual([code, String(reason)], [1000, 'done'])
    await lab.untilIdle()
  })
}

test('pings are answered once, by the other end, in both directions', async (t) => {
  const pongs: string[] = []
  const backend = await startWebSocketBackend(t, {}, (socket) => {
    socket.on('pong', (data: Buffer) => pongs.push(`backend ${String(data)}`))
    socket.ping('from the backend')
  })
  const lab = await startLab(t, { backends: [backend.url] })
  const socket = await open(t, lab)
  socket.on('pong', (data: Buffer) => pongs.push(`client ${String(data)}`))
  socket.ping('from the client')
  await until('both pongs came', () => pongs.length >= 2)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.deepEqual(pongs.sort(), ['backend from the backend', 'client from the client'])
})

test('all subprotocols are offered, and the backend’s choice is the client’s', async (t) => {
  const offered: string[][] = []
  const backend = await startWebSocketBackend(t, {
    handleProtocols: (protocols) => {
      offered.push([...protocols])
      return 'v2.chat'
    }
  })
  const lab = await startLab(t, { backends: [backend.url] })
  const socket = await open(t, lab, ['v3.chat', 'v2.chat', 'v1.chat'])
  assert.deepEqual(offered, [['v3.chat', 'v2.chat', 'v1.chat']])
  assert.equal(socket.protocol, 'v2.chat')
})

test('the handshake is routed and rewritten like any request, with all of its fields', async (t) => {
  const backend = await startWebSocketBackend(t)
  const lab = await startLab(t, { backends: [backend.url], route: { path: '/chat', rewrite: '/internal' } })
  await open(t, lab, [], {
    headers: { cookie: 'a=1', authorization: 'Bearer mine' },
    origin: 'https://shop.example'
  })
  const { url, headers } = backend.handshakes[0]!
  assert.equal(url, '/internal?room=1')
  assert.deepEqual(
    [headers.cookie, headers.authorization, headers.origin, headers['x-forwarded-for'], headers.via],
    ['a=1', 'Bearer mine', 'https://shop.example', '127.0.0.1', '1.1 xecureapi']
  )
})

test('a backend that terminates, and a client that does, break the other', async (t) => {
  const backend = await startWebSocketBackend(t)
  const lab = await startLab(t, { backends: [backend.url] })
  const first = await open(t, lab)
  for (const socket of backend.server.clients) socket.terminate()
  const [code] = (await once(first, 'close')) as [number]
  assert.equal(code, 1006)
  const second = await open(t, lab)
  const [atBackend] = backend.server.clients
  const closed = once(atBackend!, 'close')
  second.terminate()
  await closed
  await lab.untilIdle()
})

test('two hundred sockets are counted in, spread, and leave nothing behind', async (t) => {
  const backends = [await startWebSocketBackend(t), await startWebSocketBackend(t)]
  const lab = await startLab(t, {
    backends: backends.map(({ url }) => url),
    group: { balancing: 'least-connections' }
  })
  const sockets = await Promise.all(Array.from({ length: 200 }, () => open(t, lab)))
  assert.equal(await inFlight(lab.gateway), 200)
  assert.deepEqual(
    backends.map(({ server }) => server.clients.size),
    [100, 100]
  )
  const ways: ((socket: WebSocket, index: number) => void)[] = [
    (socket) => socket.close(),
    (socket) => socket.terminate(),
    (_socket, index) => {
      // One of the backend's own sockets, whichever.
      const [any] = backends[index % 2]!.server.clients
      any?.terminate()
    }
  ]
  for (const [index, socket] of sockets.entries()) ways[index % 3]!(socket, index)
  for (const socket of sockets) socket.close()
  await until('all are closed', () => sockets.every(({ readyState }) => readyState === WebSocket.CLOSED))
  await until('at the backends too', () => backends.every(({ server }) => server.clients.size === 0))
  await lab.untilIdle()
  for (let index = 0; index < 200; index++) assert.equal((await lab.nextLine()).status, 101)
})
