import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { answering, startRawBackend } from './raw-backend.ts'
import { connectTo, send, settle } from './recording-sink.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('a connection carries one request after the other, and never two at once', async (t) => {
  const backend = await startRawBackend(t)
  const connection = connectTo(t, backend.url)
  const [one, two] = [send(connection), send(connection)]
  await (await backend.connection(0)).untilReceived('\r\n\r\n')
  await (await backend.connection(1)).untilReceived('\r\n\r\n')
  for (const { send: answer } of backend.connections) answer(OK)
  await one.settled()
  await two.settled()
  const three = send(connection)
  await until('the third request came', () => backend.connections.some((raw) => raw.received().length > 60))
  assert.equal(backend.connections.length, 2)
  three.exchange!.abort()
})

test('the connection that was used last is used first', async (t) => {
  const backend = await startRawBackend(t)
  const connection = connectTo(t, backend.url)
  const [one, two] = [send(connection), send(connection)]
  const raws = [await backend.connection(0), await backend.connection(1)]
  for (const raw of raws) await raw.untilReceived('\r\n\r\n')
  raws[1]!.send(OK)
  raws[0]!.send(OK)
  await one.settled()
  await two.settled()
  const order = [one, two].map((sink) => sink.calls.length)
  assert.deepEqual(order, [4, 4])
  const last = send(connection)
  await until('a third request came', () => raws.some((raw) => raw.received().split('GET').length === 3))
  for (const raw of raws) raw.send(OK)
  await last.settled()
})

test('an idle connection that the backend closes is not used again', async (t) => {
  const backend = await answering(t, OK)
  const connection = connectTo(t, backend.url)
  for (const close of ['end', 'resetAndDestroy'] as const) {
    await settle(connection)
    const raw = backend.connections.at(-1)!
    raw.socket[close]()
    await delay(50)
    const sink = await settle(connection)
    assert.equal(sink.failure, undefined)
    assert.notEqual(backend.connections.at(-1), raw)
  }
})

test('an idle connection on which unexpected bytes come is not used again', async (t) => {
  const backend = await answering(t, OK)
  const connection = connectTo(t, backend.url)
  await settle(connection)
  backend.connections[0]!.send('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
  await backend.connections[0]!.untilClosed()
  assert.equal((await settle(connection)).head?.status, 200)
  assert.equal(backend.connections.length, 2)
})

for (const how of ['end', 'resetAndDestroy'] as const) {
  test(`a kept connection that breaks before a response is reported as reused (${how})`, async (t) => {
    let requests = 0
    const backend = await startRawBackend(t, ({ send: answer, socket }) => {
      if (++requests === 1) answer(OK)
      else socket[how]()
    })
    const connection = connectTo(t, backend.url)
    await settle(connection)
    assert.deepEqual((await settle(connection)).failure, { reason: 'reset', sent: true, reused: true })
    assert.deepEqual((await settle(connection)).failure, { reason: 'reset', sent: true, reused: false })
    assert.equal(backend.connections.length, 2)
  })
}

test('a kept connection that breaks behind the first byte of a response is not stale', async (t) => {
  let requests = 0
  const backend = await startRawBackend(t, ({ send: answer, socket }) => {
    if (++requests === 1) answer(OK)
    else socket.end('HTTP/1.1 103 Early Hints\r\n\r\n')
  })
  const connection = connectTo(t, backend.url)
  await settle(connection)
  assert.deepEqual((await settle(connection)).failure, { reason: 'reset', sent: true, reused: false })
})

test('an idle connection is closed when its time is over', async (t) => {
  const backend = await answering(t, OK)
  const connection = connectTo(t, backend.url, { keepAlive: 100 })
  await settle(connection)
  await backend.connections[0]!.untilClosed()
  await settle(connection)
  assert.equal(backend.connections.length, 2)
})

test('no more idle connections are kept than there may be, and those that may serve on', async (t) => {
  const backend = await answering(t, OK)
  const connection = connectTo(t, backend.url, { maxIdle: 2 })
  await Promise.all([settle(connection), settle(connection), settle(connection)])
  const closed = backend.connections.map(async (each, index) => {
    await each.untilClosed()
    return index
  })
  await Promise.race(closed)
  await Promise.all([settle(connection), settle(connection)])
  assert.equal(backend.connections.length, 3)
})

test('an idle connection whose time is over is not used even before it is closed', async (t) => {
  const backend = await answering(t, OK)
  const connection = connectTo(t, backend.url, { keepAlive: 50 })
  await settle(connection)
  await delay(80)
  await settle(connection)
  assert.equal(backend.connections.length, 2)
})

test('a backend that keeps a connection for a second only is believed, with a margin', async (t) => {
  const backend = await answering(
    t,
    'HTTP/1.1 200 OK\r\nKeep-Alive: max=9, timeout=1\r\nContent-Length: 2\r\n\r\nok'
  )
  const connection = connectTo(t, backend.url)
  await settle(connection)
  await settle(connection)
  assert.equal(backend.connections.length, 2)
})

test('a backend that keeps a connection for longer is believed too', async (t) => {
  const backend = await answering(
    t,
    'HTTP/1.1 200 OK\r\nkeep-alive: timeout=30\r\nContent-Length: 2\r\n\r\nok'
  )
  const connection = connectTo(t, backend.url)
  await settle(connection)
  await settle(connection)
  assert.equal(backend.connections.length, 1)
})

test('an aborted request closes its connection', async (t) => {
  const backend = await startRawBackend(t)
  const connection = connectTo(t, backend.url)
  const sink = send(connection)
  const raw = await backend.connection(0)
  await raw.untilReceived('\r\n\r\n')
  sink.exchange!.abort()
  await raw.untilClosed()
  raw.send(OK)
  await delay(20)
  assert.deepEqual(sink.calls, ['sending'])
})

test('an aborted response closes its connection and says no more', async (t) => {
  const backend = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nhello')
  const connection = connectTo(t, backend.url)
  const sink = send(connection)
  await until('the body has begun', () => sink.body === 'hello')
  sink.exchange!.abort()
  sink.exchange!.abort()
  sink.exchange!.resume()
  backend.connections[0]!.send('more')
  await backend.connections[0]!.untilClosed()
  assert.deepEqual(sink.calls, ['sending', 'head', 'body'])
})

test('a request that is aborted while it connects leaves a connection for the next one', async (t) => {
  const backend = await answering(t, OK)
  const connection = connectTo(t, backend.url)
  const sink = send(connection)
  sink.exchange!.abort()
  await backend.connection(0)
  await delay(20)
  assert.equal((await settle(connection)).body, 'ok')
  assert.equal(backend.connections.length, 1)
  assert.deepEqual(sink.calls, [])
})

test('an exchange that is over does not touch its connection any more', async (t) => {
  const backend = await startRawBackend(t)
  const connection = connectTo(t, backend.url)
  const first = send(connection)
  const raw = await backend.connection(0)
  await raw.untilReceived('\r\n\r\n')
  raw.send(OK)
  await first.settled()
  const second = send(connection)
  first.exchange!.abort()
  await raw.untilReceived('\r\n\r\n', 2)
  raw.send(OK)
  assert.equal((await second.settled()).body, 'ok')
})

test('a connection is not used again before its request is out', async (t) => {
  const backend = await answering(t, OK)
  const connection = connectTo(t, backend.url)
  const body = new PassThrough()
  await settle(connection, { method: 'POST', headers: ['Host', 'a', 'Content-Length', '3'], body })
  await settle(connection)
  assert.equal(backend.connections.length, 2)
})

test('a response is read no faster than its reader takes it', async (t) => {
  let written = 0
  const backend = await startRawBackend(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const more = (): void => {
      while (!socket.destroyed && written < 256 * 1024 * 1024) {
        written += 65_536
        if (socket.write(Buffer.alloc(65_536))) continue
        socket.once('drain', more)
        return
      }
      socket.end()
    }
    more()
  })
  const sink = send(connectTo(t, backend.url))
  sink.wantsMore = false
  let before = -1
  while (written !== before) {
    before = written
    await delay(200)
  }
  const read = Buffer.concat(sink.chunks).length
  assert.ok(read <= 65_536, `${read} bytes came after the first false`)
  sink.exchange!.resume()
  await until('more comes', () => Buffer.concat(sink.chunks).length > read)
  sink.exchange!.abort()
})
