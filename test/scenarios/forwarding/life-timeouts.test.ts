import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { answering, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { startBlackHole } from '../../helpers/black-hole.ts'
import { answer, assertLine, get, message, post, startLab } from '../../helpers/lab.ts'
import { closedPort } from '../../helpers/misbehaving-backend.ts'

describe('timeouts', { concurrency: 4 }, () => {
  test('a backend that accepts no connection in time is 504 connect_timeout', async (t) => {
    const hole = await startBlackHole(t)
    const lab = await startLab(t, {
      backends: [hole],
      group: { timeouts: { connect: '150ms' }, retry: { attempts: 1 } }
    })
    const client = await lab.client()
    client.write(get())
    await client.untilText('504 Gateway Timeout')
    assertLine(await lab.nextLine(), { status: 504, reason: 'connect_timeout', attempts: 1 })
    await lab.untilIdle()
  })

  test('a connection that is not there in time is tried elsewhere', async (t) => {
    const hole = await startBlackHole(t)
    const backend = await answering(t, answer(200, 'ok'))
    const lab = await startLab(t, {
      backends: [hole, backend.url],
      group: { timeouts: { connect: '600ms' } }
    })
    const client = await lab.client()
    for (let turn = 1; turn <= 2; turn++) {
      client.write(post('/', 'the body'))
      assertLine(await lab.nextLine(), { status: 200 })
    }
    assert.equal(backend.connections[0]!.received().split('the body').length, 3)
  })

  test('a backend that does not answer in time is 504 response_timeout, and its request is aborted', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { response: '150ms' } } })
    const client = await lab.client()
    client.write(get())
    await client.untilText('504 Gateway Timeout')
    assertLine(await lab.nextLine(), { status: 504, reason: 'response_timeout', attempts: 1 })
    await backend.connections[0]!.untilClosed()
    await lab.untilIdle()
  })

  test('the time to the response begins when the upload has ended', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { response: '600ms' } } })
    const client = await lab.client()
    client.write(message('POST', '/', ['Content-Length: 4'], 'a'))
    for (const byte of 'bcd') {
      await delay(250)
      client.write(byte)
    }
    const upstream = await backend.connection(0)
    await upstream.untilReceived('abcd')
    upstream.send(answer(200, 'in time'))
    await client.untilText('in time')
  })

  test('a response that had begun before the upload ended has no time to the response any more', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { response: '150ms' } } })
    const client = await lab.client()
    client.write(message('POST', '/', ['Content-Length: 2'], 'a'))
    const upstream = await backend.connection(0)
    await upstream.untilReceived('a')
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbe')
    await client.untilText('be')
    client.write('b')
    await delay(400)
    upstream.send('gun')
    await client.untilText('begun')
    assertLine(await lab.nextLine(), { status: 200, reason: undefined })
  })

  test('a backend that falls silent in the middle of its body is cut, with idle_timeout as the reason', async (t) => {
    const backend = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '150ms' } } })
    const client = await lab.client()
    client.write(get())
    await client.closed
    assert.match(client.text(), /begun$/)
    assertLine(await lab.nextLine(), { status: 200, reason: 'idle_timeout', bytes: 5 })
    await lab.untilIdle()
  })

  test('silence is watched in the response to an upload too', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => {
      setTimeout(() => send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun'), 400)
    })
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '150ms' } } })
    const client = await lab.client()
    client.write(post('/', 'whole'))
    await client.closed
    assert.match(client.text(), /begun$/)
    assertLine(await lab.nextLine(), { status: 200, reason: 'idle_timeout' })
  })

  test('a backend that has begun to answer is not to blame for the silence of an upload', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => send('HTTP/1.1 200 OK\r\n\r\nbegun'))
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '150ms' } } })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 100'], 'some'))
    await client.closed
    assertLine(await lab.nextLine(), { status: 200, reason: 'idle_timeout' })
    const [view] = (await lab.group('lab')).backends
    assert.equal(view!.failures, 0)
  })

  test('a backend that is slow, but not silent, is not cut', async (t) => {
    const backend = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '1s' } } })
    const client = await lab.client()
    client.write(get())
    await client.untilText('200 OK')
    for (const byte of 'whole') {
      await delay(300)
      backend.connections[0]!.send(byte)
    }
    await client.untilText('whole')
    assertLine(await lab.nextLine(), { status: 200, reason: undefined, bytes: 5 })
  })

  test('a client that does not go on with its upload is 408, whatever the backend does', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '150ms' } } })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 100'], 'begun'))
    await client.untilText('408 Request Timeout')
    await client.closed
    assertLine(await lab.nextLine(), { status: 408, reason: 'client_too_slow', attempts: 1 })
    await backend.connections[0]!.untilClosed()
    await lab.untilIdle()
    const [view] = (await lab.group('lab')).backends
    assert.equal(view!.failures, 0, 'the backend is not to blame')
  })

  test('a backend that does not take the upload is 504 idle_timeout', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, {
      backends: [backend.url],
      group: { timeouts: { idle: '2s' } },
      route: { bodyLimit: 0 }
    })
    const client = await lab.client()
    client.write(message('PUT', '/', [`Content-Length: ${64 * 1024 * 1024}`], 'begun'))
    const upstream = await backend.connection(0)
    await upstream.untilReceived('begun')
    upstream.socket.pause()
    const piece = 'x'.repeat(1024 * 1024)
    for (let sent = 0; sent < 40; sent++) client.write(piece)
    await client.untilText('504 Gateway Timeout')
    assertLine(await lab.nextLine(), { status: 504, reason: 'idle_timeout', attempts: 1 })
  })

  test('a backend that does not let a client go on that asked for it is 504 idle_timeout', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '150ms' } } })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 100', 'Expect: 100-continue'], ''))
    await client.untilText('504 Gateway Timeout')
    assertLine(await lab.nextLine(), { status: 504, reason: 'idle_timeout' })
  })

  test('a client that does not read its response for too long is cut', async (t) => {
    const backend = await startRawBackend(t, ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.write(Buffer.alloc(32 * 1024 * 1024))
    })
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '300ms' } } })
    const client = await lab.client()
    client.socket.pause()
    client.write(get())
    assertLine(await lab.nextLine(), { status: 200, reason: 'client_too_slow' })
    await backend.connections[0]!.untilClosed()
    await lab.untilIdle()
  })

  test('the total deadline includes all attempts', async (t) => {
    const silent = await Promise.all(Array.from({ length: 3 }, () => startRawBackend(t)))
    const lab = await startLab(t, {
      backends: silent.map(({ url }) => url),
      group: {
        timeouts: { response: '200ms', total: '500ms' },
        retry: { attempts: 10, on: ['timeout'], budgetPercent: 100 }
      }
    })
    const client = await lab.client()
    const start = performance.now()
    client.write(get())
    await client.untilText('504 Gateway Timeout')
    const took = performance.now() - start
    assert.ok(took >= 490, `it gave up after ${took} ms`)
    const line = await lab.nextLine()
    assertLine(line, { status: 504, reason: 'total_timeout' })
    assert.ok(Number(line.attempts) <= 3, `${String(line.attempts)} attempts of 200 ms within 500 ms`)
    await lab.untilIdle()
  })

  test('the total deadline ends at the head: the body may take longer', async (t) => {
    const backend = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwh')
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { total: '200ms' } } })
    const client = await lab.client()
    client.write(get())
    await client.untilText('wh')
    await delay(400)
    backend.connections[0]!.send('ole')
    await client.untilText('whole')
  })

  test('the total deadline includes a slow upload', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { total: '300ms' } } })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 1000'], ''))
    const drip = setInterval(() => client.write('x'), 50)
    t.after(() => clearInterval(drip))
    await client.untilText('504 Gateway Timeout')
    assertLine(await lab.nextLine(), { status: 504, reason: 'total_timeout' })
    await backend.connections[0]!.untilClosed()
    const [view] = (await lab.group('lab')).backends
    assert.equal(view!.failures, 0, 'the backend is not to blame')
  })

  test('a route’s timeouts replace the group’s key by key', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, {
      backends: [backend.url, await closedPort()],
      group: { timeouts: { response: '10s', idle: '9s' } },
      route: { timeouts: { response: '100ms' } }
    })
    const client = await lab.client()
    client.write(get())
    await client.untilText('504 Gateway Timeout')
    assertLine(await lab.nextLine(), { reason: 'response_timeout' })
  })
})
