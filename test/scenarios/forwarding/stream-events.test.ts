import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { assertLine, get, post, startLab } from '../../helpers/lab.ts'

/** The head of a response without end. */
function streamHead(type: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`
}

describe('streams', { concurrency: 4 }, () => {
  test('server-sent events reach the client one by one, while the response is open', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => send(streamHead('text/event-stream')))
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(get('/', 'Accept: text/event-stream'))
    await client.untilText('text/event-stream')
    const upstream = await backend.connection(0)
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      upstream.send(`9\r\n${event}\r\n`)
      await client.untilText(event)
    }
    assert.doesNotMatch(client.text(), /\r\n0\r\n/)
    client.socket.resetAndDestroy()
    await upstream.untilClosed()
    assertLine(await lab.nextLine(), { status: 200, reason: 'client_gone', bytes: 18 })
    await lab.untilIdle()
  })

  for (const [what, request] of [
    ['a GET', get()],
    ['a POST', post('/', 'what I want to know')]
  ] as const) {
    test(`events that are silent for longer than \`idle\` are not cut (${what})`, async (t) => {
      const backend = await startRawBackend(t, ({ send }) =>
        send(streamHead('Text/Event-Stream; charset=utf-8'))
      )
      const lab = await startLab(t, { backends: [backend.url], group: { timeouts: { idle: '100ms' } } })
      const client = await lab.client()
      client.write(request)
      await client.untilText('Event-Stream')
      await delay(400)
      const upstream = await backend.connection(0)
      upstream.send('9\r\ndata: 1\n\n\r\n')
      await client.untilText('data: 1')
      await delay(400)
      upstream.send('0\r\n\r\n')
      await client.untilText('\r\n0\r\n\r\n')
      assertLine(await lab.nextLine(), { status: 200, reason: undefined })
    })
  }

  for (const type of ['text/event-stream', 'application/json']) {
    test(`a head reaches the client before its body (${type})`, async (t) => {
      const backend = await startRawBackend(t, ({ send }) => send(streamHead(type)))
      const lab = await startLab(t, { backends: [backend.url] })
      const client = await lab.client()
      client.write(get())
      await client.untilText('\r\n\r\n')
      assert.match(client.text(), /^HTTP\/1\.1 200 OK\r\n/)
    })
  }

  test('any body is passed on as it comes, whatever its type', async (t) => {
    const backend = await startRawBackend(t, ({ send }) => send(streamHead('application/x-ndjson')))
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(get())
    const upstream = await backend.connection(0)
    // A line that came before the head would be no HTTP.
    await client.untilText('\r\n\r\n')
    for (const line of ['{"a":1}\n', '{"a":2}\n']) {
      upstream.send(`8\r\n${line}\r\n`)
      await client.untilText(line)
    }
  })

  test('a stream whose backend breaks off breaks off for the client', async (t) => {
    const backend = await startRawBackend(t, ({ send }) =>
      send(`${streamHead('text/event-stream')}9\r\ndata: 1\n\n\r\n`)
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(get())
    await client.untilText('data: 1')
    backend.connections[0]!.socket.resetAndDestroy()
    await client.closed
    assert.doesNotMatch(client.text(), /\r\n0\r\n/)
    assertLine(await lab.nextLine(), { status: 200, reason: 'reset' })
    await lab.untilIdle()
  })
})
