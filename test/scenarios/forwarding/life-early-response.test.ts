import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, get, message, startLab } from '../../helpers/lab.ts'
import { until } from '../../helpers/until.ts'

const PIECE = 'x'.repeat(64 * 1024)

describe('a response that comes early', { concurrency: 3 }, () => {
  test('a response that comes before the upload ends is passed on at once, and whole', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => send(answer(200, 'enough')))
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('POST', '/', ['Content-Length: 1000'], 'some'))
    await client.untilText('enough')
    assert.match(client.text(), /^HTTP\/1\.1 200 As It Came\r\n/)
    await lab.untilIdle()
  })

  for (const size of [16, 8 * 1024]) {
    test(`the connection of a client that goes on uploading ${size} KiB carries the next request`, async (t) => {
      const backend = await startRawBackend(t, ({ send }, head) => {
        send(answer(200, head.startsWith('POST') ? 'enough' : 'next'))
      })
      const lab = await startLab(t, { backends: [backend.url] })
      const client = await lab.client()
      client.write(message('POST', '/', [`Content-Length: ${size * 1024 + 4}`], 'some'))
      await client.untilText('enough')
      for (let sent = 0; sent < size; sent += 16) client.write('x'.repeat(16 * 1024))
      client.write(get())
      await client.untilText('next')
      await lab.untilIdle()
    })
  }

  test('a response of a backend that then closes its connection reaches a client that still uploads', async (t) => {
    const backend = await startRawBackend(t, ({ socket }) => {
      socket.write(answer(413, 'too large', 'Connection: close'))
      socket.destroySoon()
    })
    const lab = await startLab(t, { backends: [backend.url] })
    for (let turn = 0; turn < 3; turn++) {
      const client = await lab.client()
      client.write(message('POST', '/', [`Content-Length: ${4 * 1024 * 1024}`], ''))
      for (let sent = 0; sent < 64; sent++) client.write(PIECE)
      await client.untilText('too large')
      assert.match(client.text(), /^HTTP\/1\.1 413 As It Came\r\n/)
      client.socket.destroy()
    }
    await lab.untilIdle()
  })

  test('a response may be streamed while the upload is', async (t) => {
    const backend = await startRawBackend(t, ({ send }, head) => {
      if (head.startsWith('POST')) send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    })
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('POST', '/', ['Transfer-Encoding: chunked'], ''))
    const upstream = await backend.connection(0)
    for (const word of ['alpha', 'bravo', 'gamma']) {
      client.write(`5\r\n${word}\r\n`)
      await upstream.untilReceived(word)
      upstream.send(`5\r\n${word}\r\n`)
      await client.untilText(word)
    }
    client.write('0\r\n\r\n')
    await upstream.untilReceived('0\r\n\r\n')
    upstream.send('0\r\n\r\n')
    await client.untilText('0\r\n\r\n')
    client.write(get())
    await until('the next request came', () => upstream.received().includes('GET / '))
  })

  test('an upload that never ends is cut off some time after its response', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => send(answer(200, 'enough')))
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(message('POST', '/', ['Content-Length: 1000'], 'some'))
    await client.untilText('enough')
    await client.closed
  })
})
