import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answering, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { assertLine, get, message, startLab } from '../../helpers/lab.ts'
import { until } from '../../helpers/until.ts'

/** Far more than it takes; the machine may be busy. */
const SOON = 1_000

describe('a client that leaves', { concurrency: 3 }, () => {
  for (const how of ['resetAndDestroy', 'end'] as const) {
    test(`a client that leaves before the head takes its upstream request along (${how})`, async (t) => {
      const backend = await startRawBackend(t)
      const lab = await startLab(t, { backends: [backend.url] })
      const client = await lab.client()
      client.write(get())
      const upstream = await backend.connection(0)
      await upstream.untilReceived('\r\n\r\n')
      client.socket[how]()
      if (how === 'end') client.socket.destroy()
      await until(
        'the backend sees it',
        () => upstream.socket.readableEnded || upstream.socket.destroyed,
        SOON
      )
      assertLine(await lab.nextLine(), { status: 499, reason: 'client_gone', attempts: 1 })
      await lab.untilIdle()
    })
  }

  test('a client that leaves mid-body takes its upstream request along', async (t) => {
    const backend = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun')
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(get())
    await client.untilText('begun')
    client.socket.destroy()
    const upstream = await backend.connection(0)
    await until('the backend sees it', () => upstream.socket.readableEnded || upstream.socket.destroyed, SOON)
    assertLine(await lab.nextLine(), { status: 200, reason: 'client_gone', bytes: 5 })
    await lab.untilIdle()
  })

  test('a client that leaves mid-body while its reader is blocked takes its upstream request along', async (t) => {
    const backend = await startRawBackend(t, ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.write(Buffer.alloc(32 * 1024 * 1024))
    })
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.socket.pause()
    client.write(get())
    const upstream = await backend.connection(0)
    await until('much is under way', () => upstream.socket.bytesWritten > 0 && client.socket.bytesRead >= 0)
    await new Promise((resolve) => setTimeout(resolve, 300))
    client.socket.resetAndDestroy()
    await until('the backend sees it', () => upstream.socket.readableEnded || upstream.socket.destroyed, SOON)
    assertLine(await lab.nextLine(), { status: 200, reason: 'client_gone' })
    await lab.untilIdle()
  })

  for (const how of ['resetAndDestroy', 'end'] as const) {
    test(`a client that leaves mid-upload takes its upstream request along (${how})`, async (t) => {
      const backend = await startRawBackend(t)
      const lab = await startLab(t, { backends: [backend.url] })
      const client = await lab.client()
      client.write(message('POST', '/', ['Content-Length: 1000'], 'begun'))
      const upstream = await backend.connection(0)
      await upstream.untilReceived('begun')
      client.socket[how]()
      await until(
        'the backend sees it',
        () => upstream.socket.readableEnded || upstream.socket.destroyed,
        SOON
      )
      assertLine(await lab.nextLine(), { status: 499, reason: 'client_gone', attempts: 1 })
      assert.doesNotMatch(upstream.received(), /begun./, 'nothing was made up')
      await lab.untilIdle()
    })
  }

  test('a client whose upload turns out to be no HTTP is refused, and its upstream request aborted', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('POST', '/', ['Transfer-Encoding: chunked'], '5\r\nbegun\r\n'))
    const upstream = await backend.connection(0)
    await upstream.untilReceived('begun')
    client.write('no chunk\r\n')
    await client.untilText('400 Bad Request')
    await until('the backend sees it', () => upstream.socket.readableEnded || upstream.socket.destroyed, SOON)
    await lab.untilIdle()
    assert.doesNotMatch(upstream.received(), /\r\n0\r\n/, 'the upload was not ended as if whole')
  })

  test('a client that leaves while a connection is made leaves nothing behind', async (t) => {
    const backend = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const lab = await startLab(t, { backends: [backend.url] })
    const clients = await Promise.all(Array.from({ length: 20 }, () => lab.client()))
    for (const { write, socket } of clients) {
      write(get())
      setTimeout(() => socket.resetAndDestroy(), 5 * Math.random())
    }
    for (const _ of clients) await lab.nextLine()
    await lab.untilIdle()
  })

  test('a pipelined request is not forwarded for a client that has left', async (t) => {
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(get('/one') + get('/two'))
    await (await backend.connection(0)).untilReceived('\r\n\r\n')
    client.socket.resetAndDestroy()
    await lab.nextLine()
    await lab.untilIdle()
    assert.equal(backend.connections.length, 1)
  })
})
