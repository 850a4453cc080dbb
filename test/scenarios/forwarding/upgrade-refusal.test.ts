import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { answering, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, assertLine, get, startLab } from '../../helpers/lab.ts'
import { closedPort } from '../../helpers/misbehaving-backend.ts'
import { upgradeRequest } from '../../helpers/raw-client.ts'
import { until } from '../../helpers/until.ts'
import { startUpgradeBackend } from '../../helpers/upgrade-backend.ts'

describe('an upgrade that is not granted', { concurrency: 4 }, () => {
  test('a backend’s refusal is passed on as it came', async (t) => {
    const backend = await answering(t, answer(403, 'not for you', 'X-Own: yes', 'Set-Cookie: a=1'))
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(upgradeRequest('/'))
    await client.closed
    assert.match(client.text(), /^HTTP\/1\.1 403 As It Came\r\n[^]*X-Own: yes\r\n[^]*Set-Cookie: a=1\r\n/)
    assert.match(client.text(), /\r\n\r\nnot for you$/)
    assertLine(await lab.nextLine(), { status: 403, reason: undefined, bytes: 11 })
    await lab.untilIdle()
  })

  test('a large refusal in chunks arrives whole', async (t) => {
    const body = 'x'.repeat(1024 * 1024)
    const backend = await startRawBackend(t, ({ send }) =>
      send(
        `HTTP/1.1 426 No\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      )
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const client = await lab.client()
    client.write(upgradeRequest('/'))
    await client.closed
    assert.match(client.text(), /^HTTP\/1\.1 426 No\r\n/)
    assert.ok(
      client
        .text()
        .replace(/\r\n[0-9a-f]+\r\n/g, '')
        .includes(body.slice(0, 1000))
    )
    assert.ok(client.text().endsWith('\r\n0\r\n\r\n'))
  })

  test('a client that was refused and does not close its side does not stay for ever', async (t) => {
    const backend = await answering(t, answer(403, 'no'))
    const lab = await startLab(t, { backends: [backend.url] })
    const { hostname, port } = new URL(lab.url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => {})
    // Bytes for a protocol that nobody granted.
    socket.write(`${upgradeRequest('/')}${'x'.repeat(100_000)}`)
    await once(socket, 'end')
    assert.match(text, /^HTTP\/1\.1 403 [^]*\r\n\r\nno$/)
    assertLine(await lab.nextLine(), { status: 403, reason: undefined })
    await lab.untilIdle()
    const write = setInterval(() => socket.writable && socket.write('y'), 50)
    t.after(() => clearInterval(write))
    await until('the gateway has closed it', () => socket.destroyed)
  })

  test('routes, 404, 503 and 502 apply to upgrades, and hooks see them', async (t) => {
    const lab = await startLab(t, {
      backends: [await closedPort()],
      route: { path: '/socket', headers: { response: { set: { 'x-shop': 'eu' } } } }
    })
    for (const [path, status, reason] of [
      ['/nowhere', 404, 'no_route'],
      ['/socket', 502, 'connect_refused']
    ] as const) {
      const client = await lab.client()
      client.write(upgradeRequest(path))
      await client.closed
      assert.match(client.text(), new RegExp(`^HTTP/1\\.1 ${status} [^]*application/problem\\+json`))
      assertLine(await lab.nextLine(), { status, reason })
    }
    await lab.untilIdle()
  })

  test('an upgrade is 503 when no backend is well', async (t) => {
    const lab = await startLab(t, {
      backends: [await closedPort()],
      group: { healthCheck: { interval: '1s', timeout: '1s', initially: 'unhealthy' } }
    })
    const client = await lab.client()
    client.write(upgradeRequest('/'))
    await client.closed
    assert.match(client.text(), /^HTTP\/1\.1 503 [^]*retry-after: /i)
  })

  test('an upgrade is tried elsewhere when its connection fails or its status says so', async (t) => {
    const refusing = await answering(t, answer(503, 'bad'))
    const good = await startUpgradeBackend(t)
    const lab = await startLab(t, {
      backends: [await closedPort(), refusing.url, good.url],
      group: { retry: { attempts: 3, on: [503] } }
    })
    for (let turn = 0; turn < 3; turn++) {
      const client = await lab.client()
      client.write(upgradeRequest('/'))
      await client.untilText('101 Switching Protocols')
      client.socket.resetAndDestroy()
      assertLine(await lab.nextLine(), { status: 101 })
    }
    await lab.untilIdle()
  })

  test('h2c is not passed on, alone or among others: the request is answered over HTTP/1.1', async (t) => {
    const backend = await answering(t, answer(200, 'plain'))
    const lab = await startLab(t, { backends: [backend.url] })
    for (const upgrade of ['h2c', 'H2C', 'echo, h2c', 'h2c, echo']) {
      const client = await lab.client()
      client.write(
        get(
          '/',
          'Connection: Upgrade, HTTP2-Settings',
          `Upgrade: ${upgrade}`,
          'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'
        )
      )
      await client.untilText('plain')
      assert.match(client.text(), /^HTTP\/1\.1 200 /)
      await client.closed
    }
    const received = backend.connections.map((connection) => connection.received()).join('')
    assert.doesNotMatch(received, /h2c|http2-settings|upgrade/i)
  })
})
