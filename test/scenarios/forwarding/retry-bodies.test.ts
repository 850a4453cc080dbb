import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type RawConnection, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, assertLine, message, startLab } from '../../helpers/lab.ts'
import { until } from '../../helpers/until.ts'

/** Text that tells where it was cut or doubled. */
function pattern(length: number): string {
  return Array.from({ length: Math.ceil(length / 8) }, (_, index) => String(index).padStart(8, '0'))
    .join('')
    .slice(0, length)
}

/** The body of the only request of a connection, chunks joined. */
function bodyOf(connection: RawConnection): string {
  const received = connection.received()
  const start = received.indexOf('\r\n\r\n') + 4
  const rest = received.slice(start)
  if (!/transfer-encoding: chunked/i.test(received.slice(0, start))) return rest
  let body = ''
  for (let at = 0; at < rest.length;) {
    const line = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.slice(at, line), 16)
    if (!(size > 0)) break
    body += rest.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
  }
  return body
}

async function breakAfter(connection: RawConnection, hasCome: () => boolean): Promise<void> {
  await until('the body came', hasCome)
  connection.socket.resetAndDestroy()
}

async function answerAfter(connection: RawConnection, hasCome: () => boolean): Promise<void> {
  await until('the body came', hasCome)
  connection.send(answer(200, 'good'))
}

const framings = ['Content-Length', 'chunked'] as const

function framed(framing: (typeof framings)[number], body: string): string {
  if (framing === 'Content-Length') return message('PUT', '/', [`Content-Length: ${body.length}`], body)
  const half = Math.floor(body.length / 2)
  const chunks = [body.slice(0, half), body.slice(half)].map(
    (part) => `${part.length.toString(16)}\r\n${part}\r\n`
  )
  return message('PUT', '/', ['Transfer-Encoding: chunked'], `${chunks.join('')}0\r\n\r\n`)
}

describe('bodies that are sent again', { concurrency: 3 }, () => {
  for (const framing of framings) {
    test(`a body that fits the buffer is sent again as it was, to the third backend too (${framing})`, async (t) => {
      const body = pattern(40_000)
      let requests = 0
      const backend = await startRawBackend(t, (connection, head) => {
        if (!head.startsWith('PUT')) return
        const isLast = ++requests === 3
        void (isLast ? answerAfter : breakAfter)(connection, () => bodyOf(connection) === body)
      })
      const lab = await startLab(t, { backends: [backend.url], group: { retry: { attempts: 3 } } })
      const client = await lab.client()
      client.write(framed(framing, body))
      await client.untilText('good')
      assertLine(await lab.nextLine(), { status: 200, attempts: 3 })
      assert.deepEqual(
        backend.connections.map((connection) => bodyOf(connection) === body),
        [true, true, true]
      )
      const end = framing === 'chunked' ? '\r\n0\r\n\r\n' : body.slice(-8)
      for (const { received } of backend.connections) assert.ok(received().endsWith(end))
      await lab.untilIdle()
    })

    test(`a body that did not fit the buffer is 502 at once (${framing})`, async (t) => {
      const body = pattern(5_000)
      const backend = await startRawBackend(t, (connection, head) => {
        if (head.startsWith('PUT')) void breakAfter(connection, () => bodyOf(connection) === body)
      })
      const lab = await startLab(t, {
        backends: [backend.url],
        group: { retry: { attempts: 3, bodyBuffer: '4KiB' } }
      })
      const client = await lab.client()
      client.write(framed(framing, body))
      await client.untilText('502 Bad Gateway')
      assertLine(await lab.nextLine(), { status: 502, attempts: 1, reason: 'reset' })
      assert.equal(backend.connections.length, 1)
    })

    test(`a body that fits the buffer exactly is sent again (${framing})`, async (t) => {
      const body = pattern(4_096)
      let requests = 0
      const backend = await startRawBackend(t, (connection, head) => {
        if (!head.startsWith('PUT')) return
        const isLast = ++requests === 2
        void (isLast ? answerAfter : breakAfter)(connection, () => bodyOf(connection) === body)
      })
      const lab = await startLab(t, { backends: [backend.url], group: { retry: { bodyBuffer: '4KiB' } } })
      const client = await lab.client()
      client.write(framed(framing, body))
      await client.untilText('good')
    })
  }

  test('a body that is still on its way is sent again from its beginning, and goes on', async (t) => {
    const body = pattern(30_000)
    const backend = await startRawBackend(t)
    const lab = await startLab(t, { backends: [backend.url], group: { retry: { attempts: 4 } } })
    const client = await lab.client()
    client.write(message('PUT', '/', [`Content-Length: ${body.length}`], ''))
    for (let turn = 0; turn < 3; turn++) {
      const connection = await backend.connection(turn)
      client.write(body.slice(turn * 10_000, turn * 10_000 + 5_000))
      await until('what is there came', () => bodyOf(connection).length === turn * 10_000 + 5_000)
      client.write(body.slice(turn * 10_000 + 5_000, (turn + 1) * 10_000))
      await until('what is there came', () => bodyOf(connection).length === (turn + 1) * 10_000)
      if (turn < 2) connection.socket.resetAndDestroy()
      else connection.send(answer(200, 'good'))
    }
    await client.untilText('good')
    assert.equal(bodyOf(backend.connections[2]!), body)
    assertLine(await lab.nextLine(), { status: 200, attempts: 3 })
    await lab.untilIdle()
  })

  test('a body outgrows the buffer during its second attempt: it arrives whole, and is not sent a third time', async (t) => {
    const body = pattern(60_000)
    const backend = await startRawBackend(t)
    const lab = await startLab(t, {
      backends: [backend.url],
      group: { retry: { attempts: 5, bodyBuffer: '16KiB' } }
    })
    const client = await lab.client()
    client.write(message('PUT', '/', [`Content-Length: ${body.length}`], body.slice(0, 10_000)))
    const first = await backend.connection(0)
    await until('the beginning came', () => bodyOf(first).length === 10_000)
    first.socket.resetAndDestroy()
    const second = await backend.connection(1)
    client.write(body.slice(10_000))
    await until('all came', () => bodyOf(second) === body)
    second.socket.resetAndDestroy()
    await client.untilText('502 Bad Gateway')
    assertLine(await lab.nextLine(), { status: 502, attempts: 2 })
  })

  test('a response that is thrown away while the upload is under way leaves the upload to the next attempt', async (t) => {
    const body = pattern(30_000)
    let requests = 0
    const backend = await startRawBackend(t, ({ send }, head) => {
      if (head.startsWith('PUT') && ++requests < 3) send(answer(503, 'bad'))
    })
    const lab = await startLab(t, { backends: [backend.url], group: { retry: { attempts: 3, on: [503] } } })
    const client = await lab.client()
    client.write(message('PUT', '/', [`Content-Length: ${body.length}`], body.slice(0, 1_000)))
    const last = await backend.connection(2)
    for (let sent = 1_000; sent < body.length; sent += 1_000) {
      client.write(body.slice(sent, sent + 1_000))
      await delay(1)
    }
    await until('all came', () => bodyOf(last) === body)
    last.send(answer(200, 'good'))
    await client.untilText('good')
    assertLine(await lab.nextLine(), { status: 200, attempts: 3 })
    await lab.untilIdle()
  })

  test('an empty body that is sent again does not hold up anybody', async (t) => {
    let requests = 0
    const backend = await startRawBackend(t, (connection, head) => {
      if (!head.startsWith('PUT')) return
      if (++requests === 1) void breakAfter(connection, () => connection.received().endsWith('0\r\n\r\n'))
      else setTimeout(() => connection.send(answer(200, 'good')), 500)
    })
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '200ms' } } })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Transfer-Encoding: chunked'], '0\r\n\r\n'))
    await client.untilText('good')
    assertLine(await lab.nextLine(), { status: 200, attempts: 2 })
  })

  test('trailers come after a body that is sent again', async (t) => {
    let requests = 0
    const backend = await startRawBackend(t, (connection, head) => {
      if (!head.startsWith('PUT')) return
      const isLast = ++requests === 2
      void (isLast ? answerAfter : breakAfter)(connection, () => connection.received().includes('X-Sum: 1'))
    })
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(
      message(
        'PUT',
        '/',
        ['Transfer-Encoding: chunked', 'Trailer: X-Sum'],
        '4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n'
      )
    )
    await client.untilText('good')
  })

  test('a client that leaves while its body is sent again leaves nothing behind', async (t) => {
    const backend = await startRawBackend(t, (connection) => {
      if (connection === backend.connections[0])
        void breakAfter(connection, () => connection.received().includes('some'))
    })
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 100'], 'some'))
    const second = await backend.connection(1)
    await second.untilReceived('some')
    client.socket.resetAndDestroy()
    await second.untilClosed()
    assertLine(await lab.nextLine(), { status: 499, reason: 'client_gone', attempts: 2 })
    await lab.untilIdle()
  })

  test('a client that is slow with a body that is sent again is 408', async (t) => {
    const backend = await startRawBackend(t, (connection) => {
      if (connection === backend.connections[0])
        void breakAfter(connection, () => connection.received().includes('some'))
    })
    const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '200ms' } } })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 100'], 'some'))
    await client.untilText('408 Request Timeout')
    await client.closed
    assertLine(await lab.nextLine(), { status: 408, reason: 'client_too_slow', attempts: 2 })
  })
})
