import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { type ClientOptions, WebSocket } from 'ws'
import { untilIdle } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { startWebSocketBackend } from '../helpers/web-socket-backend.ts'
import { type InteropLab, startInteropLab } from './lab.ts'
import { bytes } from './origin.ts'

const LARGE = bytes(8 * 1024 * 1024)

async function open(
  t: TestContext,
  lab: InteropLab,
  path: string,
  options: ClientOptions = {}
): Promise<WebSocket> {
  const socket = new WebSocket(lab.url.replace('https:', 'wss:') + path, { ca: lab.ca, ...options })
  t.after(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

async function nextMessage(socket: WebSocket): Promise<{ data: Buffer; isBinary: boolean }> {
  const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean]
  return { data, isBinary }
}

test('the clients of ws, over TLS', async (t) => {
  const [echo, talker] = await Promise.all([
    startWebSocketBackend(t, { perMessageDeflate: { threshold: 0 }, maxPayload: LARGE.length }),
    // Says all it has to say at once, whether anybody listens or not, or closes with the code that its path names.
    startWebSocketBackend(t, {}, (socket) => {
      socket.on('message', (message: Buffer) => {
        const [code, reason] = message.toString().split(' ')
        if (code === 'talk') for (let turn = 0; turn < 8; turn++) socket.send(LARGE)
        else socket.close(Number(code), reason)
      })
    })
  ])
  const route = (name: string): object => ({ path: `/${name}`, upstream: name })
  const lab = await startInteropLab(t, true, {
    upstreams: { echo: { backends: [echo.url] }, talker: { backends: [talker.url] } },
    routes: [{ ...route('echo') }, { ...route('talker') }]
  })

  await t.test('text, bytes, nothing at all, and a message in fragments with a ping between', async (sub) => {
    for (const perMessageDeflate of [false, true]) {
      const socket = await open(sub, lab, '/echo', { perMessageDeflate })
      for (const message of ['grün ☘', '', Buffer.of(0, 255, 128), Buffer.alloc(0)]) {
        socket.send(message)
        const { data, isBinary } = await nextMessage(socket)
        assert.deepEqual([data, isBinary], [Buffer.from(message), typeof message !== 'string'])
      }
      const whole = nextMessage(socket)
      const pong = once(socket, 'pong')
      socket.send('one, ', { fin: false })
      socket.ping('between')
      assert.equal(String((await pong)[0]), 'between')
      socket.send('two, ', { fin: false })
      socket.send('three', { fin: true })
      assert.equal((await whole).data.toString(), 'one, two, three')
      socket.close()
    }
  })

  await t.test('a message of 8 MiB, compressed or not', async (sub) => {
    for (const perMessageDeflate of [false, true]) {
      const socket = await open(sub, lab, '/echo', { perMessageDeflate, maxPayload: LARGE.length })
      socket.send(LARGE)
      assert.ok((await nextMessage(socket)).data.equals(LARGE))
      socket.close()
    }
  })

  await t.test('whoever closes, the other side gets the code and the reason', async (sub) => {
    for (const [code, reason] of [
      [1000, 'done'],
      [1001, ''],
      [1011, 'unexpected'],
      [3000, 'registered'],
      [4999, 'own']
    ] as const) {
      const left = await open(sub, lab, '/echo')
      const [atBackend] = [...echo.server.clients].slice(-1)
      const seen = once(atBackend!, 'close')
      left.close(code, reason)
      const [gotCode, gotReason] = (await seen) as [number, Buffer]
      assert.deepEqual([gotCode, gotReason.toString()], [code, reason])
      const sent = await open(sub, lab, '/talker')
      sent.send(`${code} ${reason}`)
      const [saidCode, saidReason] = (await once(sent, 'close')) as [number, Buffer]
      assert.deepEqual([saidCode, saidReason.toString()], [code, reason])
    }
  })

  await t.test('who reads nothing holds the other side back, and gets all of it later', async (sub) => {
    const socket = await open(sub, lab, '/talker', { maxPayload: LARGE.length })
    socket.pause()
    socket.send('talk')
    const [atBackend] = [...talker.server.clients].slice(-1)
    await until('the backend has begun', () => atBackend!.bufferedAmount > 0)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const waiting = atBackend!.bufferedAmount
    assert.ok(waiting > 4 * LARGE.length, `${waiting} bytes wait at the backend, all others are on the way`)
    let received = 0
    socket.on('message', (data: Buffer) => (received += data.equals(LARGE) ? 1 : 0))
    socket.resume()
    await until('all came', () => received === 8)
    socket.close()
  })

  await t.test('a connection outlives reloads, also one that takes its route away', async (sub) => {
    const socket = await open(sub, lab, '/echo')
    const { routes } = lab.config
    await lab.write({
      ...lab.config,
      routes: (routes as { path: string }[]).filter(({ path }) => path !== '/echo')
    })
    const { outcome } = await lab.gateway.reload('admin')
    assert.equal(outcome, 'applied')
    socket.send('still here')
    assert.equal((await nextMessage(socket)).data.toString(), 'still here')
    // The route `/` has it now, whose backend knows no WebSocket.
    const late = new WebSocket(`${lab.url.replace('https:', 'wss:')}/echo`, { ca: lab.ca })
    const [error] = (await once(late, 'error')) as [Error]
    assert.match(error.message, /Unexpected server response: 200/)
    socket.close()
    await untilIdle(lab.gateway)
  })
})
