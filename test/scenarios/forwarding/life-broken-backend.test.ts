import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { assertLine, get, message, startLab } from '../../helpers/lab.ts'
import { until } from '../../helpers/until.ts'

/** How a body that is announced breaks off, and what comes before. */
const BREAKS = [
  ['a Content-Length that is too long', 'Content-Length: 100', 'begun', 'end'],
  ['a reset within a Content-Length', 'Content-Length: 100', 'begun', 'resetAndDestroy'],
  ['a chunk that is cut', 'Transfer-Encoding: chunked', '64\r\nbegun', 'end'],
  ['chunks without an end', 'Transfer-Encoding: chunked', '5\r\nbegun\r\n', 'end'],
  ['a reset between chunks', 'Transfer-Encoding: chunked', '5\r\nbegun\r\n', 'resetAndDestroy'],
  ['a reset of a body that ends with its connection', 'X-Length: none', 'begun', 'resetAndDestroy']
] as const

describe('a backend that breaks off', { concurrency: 3 }, () => {
  for (const [what, field, body, how] of BREAKS) {
    test(`${what} breaks the client's connection`, async (t) => {
      const backend = await startRawBackend(t, ({ send }) =>
        send(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n${body}`)
      )
      const lab = await startLab(t, { backends: [backend.url] })
      const client = await lab.client()
      client.write(get())
      await client.untilText('begun')
      backend.connections[0]!.socket[how]()
      await client.closed
      assert.doesNotMatch(client.text(), /\r\n0\r\n\r\n$/, 'it is not ended as if whole')
      assertLine(await lab.nextLine(), { status: 200, reason: 'reset', bytes: 5 })
      await lab.untilIdle()
      assert.equal((await lab.group('lab')).backends[0]!.inFlight, 0)
    })
  }

  test('a chunk that is no HTTP breaks the client’s connection, with its reason', async (t) => {
    const backend = await startRawBackend(t, ({ send }) =>
      send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n')
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(get())
    await client.untilText('begun')
    backend.connections[0]!.send('not a chunk\r\n')
    await client.closed
    assertLine(await lab.nextLine(), { status: 200, reason: 'protocol_error' })
  })

  test('a client of HTTP/1.0, whose body ends with its connection, sees the break as a reset', async (t) => {
    const backend = await startRawBackend(t, ({ send }) =>
      send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n')
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    let error: NodeJS.ErrnoException | undefined
    client.socket.on('error', (cause) => (error = cause))
    client.write('GET / HTTP/1.0\r\nHost: gateway.test\r\n\r\n')
    await client.untilText('begun')
    backend.connections[0]!.socket.end()
    await client.closed
    assert.equal(error?.code, 'ECONNRESET')
  })

  test('a response that breaks while its client still uploads breaks for the client', async (t) => {
    const backend = await startRawBackend(t, ({ send }) =>
      send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('POST', '/', ['Content-Length: 1000'], 'some'))
    await client.untilText('begun')
    backend.connections[0]!.socket.resetAndDestroy()
    await client.closed
    assertLine(await lab.nextLine(), { status: 200, reason: 'reset' })
    await lab.untilIdle()
  })

  test('a client that leaves with its upload in the middle of the response is what the log says', async (t) => {
    const backend = await startRawBackend(t, ({ send }) =>
      send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('POST', '/', ['Content-Length: 1000'], 'some'))
    await client.untilText('begun')
    client.socket.resetAndDestroy()
    await backend.connections[0]!.untilClosed()
    assertLine(await lab.nextLine(), { status: 200, reason: 'client_gone' })
    await lab.untilIdle()
  })

  test('the backend’s failures are counted when it breaks off', async (t) => {
    const backend = await startRawBackend(t, ({ socket }) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(get())
    await client.closed
    await until('it is counted', async () => {
      const [view] = (await lab.group('lab')).backends
      return view!.inFlight === 0 && view!.failures === 1
    })
  })
})
