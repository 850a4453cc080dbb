import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inFlight } from '../../helpers/gateway.ts'
import { assertLine, startLab } from '../../helpers/lab.ts'
import { upgradeRequest } from '../../helpers/raw-client.ts'
import { until } from '../../helpers/until.ts'
import { startUpgradeBackend, SWITCH } from '../../helpers/upgrade-backend.ts'

/** A client that may end its side and still read. */
async function halfOpenClient(t: TestContext, url: string) {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  const state = { text: '', ended: false, closed: false }
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => (state.text += chunk))
  socket.on('error', () => {})
  socket.on('end', () => (state.ended = true))
  socket.on('close', () => (state.closed = true))
  const untilText = (wanted: string): Promise<void> =>
    until(`"${wanted}" came, not "${state.text}"`, () => state.text.includes(wanted))
  return { socket, state, untilText }
}

describe('an upgrade to any protocol', { concurrency: 4 }, () => {
  test('bytes right behind the heads arrive on both sides, before all others', async (t) => {
    const backend = await startUpgradeBackend(
      t,
      (socket) => void socket.write(`${SWITCH}\x00\xfffirst from the backend.`, 'latin1')
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const { socket, untilText, state } = await halfOpenClient(t, lab.url)
    socket.write(`${upgradeRequest('/')}\x00\xfffirst from the client.`, 'latin1')
    const upstream = await backend.connection(0)
    await untilText('\x00\xfffirst from the backend.')
    socket.write('second.')
    upstream.socket.write('second.')
    await upstream.untilReceived('\x00\xfffirst from the client.second.')
    await untilText('first from the backend.second.')
    assert.match(
      state.text,
      /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*Connection: Upgrade\r\nUpgrade: echo\r\n\r\n/
    )
    assert.match(upstream.head(), /\r\nConnection: upgrade\r\n/i)
    assert.match(upstream.head(), /\r\nUpgrade: echo\r\n/i)
  })

  test('bytes that come before the backend has answered are its own once it has', async (t) => {
    const backend = await startUpgradeBackend(t, () => {})
    const lab = await startLab(t, { backends: [backend.url] })
    const { socket } = await halfOpenClient(t, lab.url)
    socket.write(`${upgradeRequest('/')}one.`)
    const upstream = await backend.connection(0)
    await until('the head came', () => upstream.head() !== '')
    socket.write('two.')
    await delay(100)
    assert.equal(upstream.received(), '', 'nothing is sent before the backend agrees')
    upstream.socket.write(SWITCH)
    await upstream.untilReceived('one.two.')
  })

  test('the backend’s choice among several protocols is what the client is told', async (t) => {
    const backend = await startUpgradeBackend(
      t,
      (socket) => void socket.write(SWITCH.replace('Upgrade: echo', 'Upgrade: second'))
    )
    const lab = await startLab(t, { backends: [backend.url] })
    const { socket, untilText } = await halfOpenClient(t, lab.url)
    socket.write(upgradeRequest('/').replace('Upgrade: echo', 'Upgrade: first, second'))
    await untilText('Upgrade: second\r\n')
  })

  test('a client that ends its side is still sent to, and nothing is made up for it', async (t) => {
    const backend = await startUpgradeBackend(t)
    const lab = await startLab(t, { backends: [backend.url] })
    const { socket, state, untilText } = await halfOpenClient(t, lab.url)
    socket.write(upgradeRequest('/'))
    await untilText('\r\n\r\n')
    const head = state.text.length
    socket.end('last words')
    const upstream = await backend.connection(0)
    await upstream.untilReceived('last words')
    await until('the backend sees the end', upstream.hasEnded)
    await delay(200)
    upstream.socket.write('an answer')
    await untilText('an answer')
    assert.equal(await inFlight(lab.gateway), 1)
    upstream.socket.end()
    await until('the client is told', () => state.ended)
    assert.equal(state.text.slice(head), 'an answer')
    await lab.untilIdle()
    assertLine(await lab.nextLine(), { status: 101, reason: undefined })
  })

  test('a backend that ends its side is still sent to', async (t) => {
    const backend = await startUpgradeBackend(t)
    const lab = await startLab(t, { backends: [backend.url] })
    const { socket, state, untilText } = await halfOpenClient(t, lab.url)
    socket.write(upgradeRequest('/'))
    await untilText('\r\n\r\n')
    const upstream = await backend.connection(0)
    upstream.socket.end('last words')
    await untilText('last words')
    await until('the client sees the end', () => state.ended)
    await delay(100)
    socket.write('an answer')
    await upstream.untilReceived('an answer')
    assert.equal(await inFlight(lab.gateway), 1)
    socket.end()
    await until('the backend is told', upstream.hasEnded)
    await lab.untilIdle()
  })

  for (const side of ['client', 'backend'] as const) {
    test(`the break of the ${side}'s side breaks the other`, async (t) => {
      const backend = await startUpgradeBackend(t)
      const lab = await startLab(t, { backends: [backend.url] })
      const { socket, state, untilText } = await halfOpenClient(t, lab.url)
      socket.write(upgradeRequest('/'))
      await untilText('\r\n\r\n')
      const upstream = await backend.connection(0)
      if (side === 'client') socket.resetAndDestroy()
      else upstream.socket.resetAndDestroy()
      await until('the other side is closed', () =>
        side === 'client' ? upstream.hasEnded() : state.closed || state.ended
      )
      await lab.untilIdle()
    })

    test(`a ${side} that ends its side and breaks later breaks the other`, async (t) => {
      const backend = await startUpgradeBackend(t)
      const lab = await startLab(t, { backends: [backend.url] })
      const { socket, state, untilText } = await halfOpenClient(t, lab.url)
      socket.write(upgradeRequest('/'))
      await untilText('\r\n\r\n')
      const upstream = await backend.connection(0)
      const [one, other] = side === 'client' ? [socket, upstream.socket] : [upstream.socket, socket]
      one.end()
      await until('the other side sees it', () => (side === 'client' ? upstream.hasEnded() : state.ended))
      one.resetAndDestroy()
      // Who has been reset is found out by writing.
      const write = setInterval(() => other.writable && other.write('anybody?'), 20)
      t.after(() => clearInterval(write))
      await lab.untilIdle()
    })
  }

  test('a client that leaves before the backend has answered takes its upstream request along', async (t) => {
    for (const how of ['destroy', 'resetAndDestroy'] as const) {
      const backend = await startUpgradeBackend(t, () => {})
      const lab = await startLab(t, { backends: [backend.url] })
      const { socket } = await halfOpenClient(t, lab.url)
      socket.write(upgradeRequest('/'))
      const upstream = await backend.connection(0)
      await until('the head came', () => upstream.head() !== '')
      socket[how]()
      await until('the backend sees it', upstream.hasEnded)
      assertLine(await lab.nextLine(), { status: 499, reason: 'client_gone' })
      await lab.untilIdle()
    }
  })

  for (const side of ['client', 'backend'] as const) {
    test(`a ${side} that does not read holds the other up, and loses nothing`, async (t) => {
      const backend = await startUpgradeBackend(t)
      const lab = await startLab(t, { backends: [backend.url] })
      const { socket, untilText } = await halfOpenClient(t, lab.url)
      socket.write(upgradeRequest('/'))
      await untilText('\r\n\r\n')
      const upstream = await backend.connection(0)
      const [reader, writer] = side === 'client' ? [socket, upstream.socket] : [upstream.socket, socket]
      reader.pause()
      const SIZE = 48 * 1024 * 1024
      writer.write(Buffer.alloc(SIZE, 'x'))
      writer.write('the end')
      let pending = -1
      while (writer.writableLength !== pending) {
        pending = writer.writableLength
        await delay(300)
      }
      assert.ok(pending > 0, 'the writer is held up')
      let read = 0
      reader.removeAllListeners('data')
      reader.on('data', (chunk) => (read += chunk.length))
      reader.resume()
      await until('all came', () => read >= SIZE + 7)
      assert.equal(read, SIZE + 7)
    })
  }

  test('joined sockets that are silent for longer than `idle` are not cut', async (t) => {
    const backend = await startUpgradeBackend(t)
    const lab = await startLab(t, {
      backends: [backend.url],
      group: { timeouts: { idle: '1s', response: '1s', total: '1s' } }
    })
    const { socket, untilText } = await halfOpenClient(t, lab.url)
    socket.write(upgradeRequest('/'))
    await untilText('\r\n\r\n')
    await delay(1_300)
    socket.write('still here')
    await (await backend.connection(0)).untilReceived('still here')
  })
})
