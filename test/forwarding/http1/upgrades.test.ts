import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { until } from '../../helpers/until.ts'
import { answering, startRawBackend } from './raw-backend.ts'
import { connectTo, send, settle } from './recording-sink.ts'

const SWITCH = 'HTTP/1.1 101 Here You Are\r\nUpgrade: echo\r\nConnection: Upgrade\r\nX-Proto: 1\r\n\r\n'

test('a switch of protocols hands over the socket with what has come behind it', async (t) => {
  const backend = await answering(t, `${SWITCH}\x81first`)
  const connection = connectTo(t, backend.url)
  const sink = await settle(connection, { upgrade: 'echo' })
  const { statusText, headers, socket } = sink.upgraded!
  assert.equal(statusText, 'Here You Are')
  assert.deepEqual(headers, ['Upgrade', 'echo', 'Connection', 'Upgrade', 'X-Proto', '1'])
  let seen = ''
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')))
  socket.resume()
  await until('the first bytes came', () => seen === '\x81first')
  backend.connections[0]!.send(' second')
  await until('the next bytes came', () => seen === '\x81first second')
  socket.write('to the backend')
  await backend.connections[0]!.untilReceived('to the backend')
  // The connection is the sink's alone.
  await connection.close()
  assert.equal(socket.destroyed, false)
  socket.destroy()
})

test('a joined socket goes on sending when the backend has stopped', async (t) => {
  const backend = await answering(t, SWITCH)
  const sink = await settle(connectTo(t, backend.url), { upgrade: 'echo' })
  const { socket } = sink.upgraded!
  const ended = once(socket, 'end')
  backend.connections[0]!.socket.end('bye')
  socket.resume()
  await ended
  socket.write('still here')
  await backend.connections[0]!.untilReceived('still here')
  socket.destroy()
})

test('a refused upgrade is a response with its body', async (t) => {
  const backend = await answering(
    t,
    'HTTP/1.1 426 Upgrade Required\r\nUpgrade: other\r\nConnection: Upgrade\r\nContent-Length: 9\r\n\r\ntry other'
  )
  const sink = await settle(connectTo(t, backend.url), { upgrade: 'echo' })
  assert.equal(sink.head?.status, 426)
  assert.equal(sink.body, 'try other')
  await backend.connections[0]!.untilClosed()
})

test('a refused upgrade may come in chunks, or end with its connection', async (t) => {
  for (const response of [
    'HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
    'HTTP/1.1 400 No\r\n\r\nno'
  ]) {
    const backend = await startRawBackend(t, ({ socket }) => socket.end(response))
    const sink = await settle(connectTo(t, backend.url), { upgrade: 'echo' })
    assert.deepEqual([sink.body, sink.trailers], ['no', []])
  }
})

test('an upgrade is aborted like any request', async (t) => {
  const backend = await startRawBackend(t)
  const sink = send(connectTo(t, backend.url), { upgrade: 'echo' })
  const raw = await backend.connection(0)
  await raw.untilReceived('\r\n\r\n')
  sink.exchange!.abort()
  await raw.untilClosed()
  assert.deepEqual(sink.calls, ['sending'])
})

test('interim responses may come before a switch', async (t) => {
  const backend = await answering(t, `HTTP/1.1 103 Early Hints\r\n\r\n${SWITCH}`)
  const sink = await settle(connectTo(t, backend.url), { upgrade: 'echo' })
  assert.deepEqual(sink.calls, ['sending', 'information', 'upgrade'])
  sink.upgraded!.socket.destroy()
})
