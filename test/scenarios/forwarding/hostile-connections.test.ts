import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend } from '../../helpers/backend.ts'
import { collectEvents, startGateway, untilIdle } from '../../helpers/gateway.ts'
import { until } from '../../helpers/until.ts'

const REQUEST = 'GET /?delay=300 HTTP/1.1\r\nHost: a\r\n\r\n'

test('clients that reset their connections harm nobody', async (t) => {
  const backend = await startBackend(t, 'a')
  const { gateway, url } = await startGateway(
    t,
    { upstreams: { a: { backends: [backend.url] } }, routes: [{ path: '/', upstream: 'a' }] },
    { workers: 1 }
  )
  const deaths = collectEvents(gateway, 'worker')
  const { hostname, port } = new URL(url)
  const reset = async (text: string, after: number): Promise<void> => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(text)
    await delay(after)
    socket.resetAndDestroy()
  }
  await t.test('right behind a CONNECT', async () => {
    for (let turn = 0; turn < 20; turn++) {
      await Promise.all(
        Array.from({ length: 8 }, (_, index) => reset('CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n', index % 3))
      )
    }
  })
  await t.test('with 20,000 requests waiting behind a slow one', async () => {
    await reset(REQUEST.repeat(20_000), 200)
  })
  assert.equal((await fetch(url)).status, 200)
  await untilIdle(gateway)
  assert.deepEqual(deaths, [])
})

test('what waits behind a slow request is not read without end, and is answered in order', async (t) => {
  const backend = await startBackend(t, 'a')
  const { url } = await startGateway(t, {
    upstreams: { a: { backends: [backend.url] } },
    routes: [{ path: '/', upstream: 'a' }]
  })
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(() => socket.destroy())
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  const numbers = Array.from({ length: 2000 }, (_, index) => index)
  const filler = 'x'.repeat(8000)
  const requests = numbers.map(
    (n) => `GET /${n}?delay=${n === 0 ? 500 : 0} HTTP/1.1\r\nHost: a\r\nX-Filler: ${filler}\r\n\r\n`
  )
  socket.write(requests.join(''))
  await delay(300)
  assert.ok(socket.writableLength > 0, 'of 16 MB, not all were taken')
  await until('all are answered', () => received.split('HTTP/1.1 200 OK').length === 2001, 60_000)
})
