import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { answering, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, get, message, startLab } from '../../helpers/lab.ts'
import { closedPort } from '../../helpers/misbehaving-backend.ts'
import { rawClient } from '../../helpers/raw-client.ts'

const SIZE = 1024 * 1024
const PIECE = 'x'.repeat(64 * 1024)

/** Uploads without looking at anything else, then reads: what a simple client does. Returns what it could read. */
async function uploadThenRead(t: TestContext, url: string, fields: string[] = []): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  let error: Error | undefined
  socket.on('error', (cause) => (error = cause))
  socket.pause()
  socket.write(message('POST', '/', [`Content-Length: ${SIZE}`, ...fields], ''))
  for (let sent = 0; sent < SIZE; sent += PIECE.length) {
    if (!socket.write(PIECE) && !error) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
  }
  assert.equal(error, undefined, 'the upload was not cut')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  socket.resume()
  socket.write(get('/next', 'Connection: close'))
  await once(socket, 'end')
  socket.end()
  return text
}

describe('an upload that nobody reads', { concurrency: 3 }, () => {
  test('a client reads the 502 of a request whose upload nobody read, and goes on', async (t) => {
    const lab = await startLab(t, { backends: [await closedPort()] })
    const text = await uploadThenRead(t, lab.url)
    assert.equal(text.match(/HTTP\/1\.1 502 /g)?.length, 2, text)
  })

  test('a client reads the 502 of a request whose backend broke amid the upload, and goes on', async (t) => {
    const backend = await startRawBackend(t, ({ socket, send }, head) => {
      if (head.startsWith('POST')) setTimeout(() => socket.resetAndDestroy(), 20)
      else send(answer(200, 'next'))
    })
    const lab = await startLab(t, { backends: [backend.url] })
    const text = await uploadThenRead(t, lab.url)
    assert.match(text, /^HTTP\/1\.1 502 [^]*\nHTTP\/1\.1 200 |}HTTP\/1\.1 200 /)
    await lab.untilIdle()
  })

  test('a client that asked for the connection to be closed reads its answer before it is', async (t) => {
    const backend = await startRawBackend(t, ({ socket }) => setTimeout(() => socket.resetAndDestroy(), 20))
    const lab = await startLab(t, { backends: [backend.url] })
    for (let turn = 0; turn < 3; turn++) {
      const text = await uploadThenRead(t, lab.url, ['Connection: close'])
      assert.match(text, /^HTTP\/1\.1 502 /)
    }
    await lab.untilIdle()
  })

  test('a replayed upload does not block its connection either', async (t) => {
    const backend = await startRawBackend(t, (connection, head) => {
      if (head.startsWith('PUT')) connection.socket.resetAndDestroy()
      else connection.send(answer(200, 'next'))
    })
    const lab = await startLab(t, { backends: [backend.url], group: { retry: { attempts: 3 } } })
    const client = await rawClient(t, lab.url)
    client.write(message('PUT', '/', ['Content-Length: 100000'], 'x'.repeat(1000)))
    await client.untilText('502 Bad Gateway')
    client.write('x'.repeat(99_000))
    client.write(get())
    await client.untilText('next')
    await lab.untilIdle()
  })

  test('a client that waits for a 100 may give up its upload after a final answer', async (t) => {
    const backend = await answering(t, answer(401, 'no'))
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 10', 'Expect: 100-continue'], ''))
    await client.untilText('\r\n\r\nno')
    assert.match(client.text(), /^HTTP\/1\.1 401 [^]*Connection: close\r\n/i)
    await client.closed
    await lab.untilIdle()
  })

  test('a client whose 100 came keeps its connection', async (t) => {
    const backend = await startRawBackend(t, ({ send }, head) => {
      if (head.startsWith('PUT')) send('HTTP/1.1 100 Continue\r\n\r\n')
      else send(answer(200, 'next'))
    })
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 10', 'Expect: 100-continue'], ''))
    await client.untilText('100 Continue')
    client.write('0123456789')
    const upstream = await backend.connection(0)
    await upstream.untilReceived('0123456789')
    upstream.send(answer(200, 'whole'))
    await client.untilText('whole')
    client.write(get())
    await client.untilText('next')
    assert.doesNotMatch(client.text(), /Connection: close/i)
  })
})
