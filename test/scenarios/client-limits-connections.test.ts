import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { getFrame, rawHttp2, TYPE } from '../helpers/raw-http2.ts'
import { tcpClient } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'
import { get, type LabClient, proxyHeader, startClientLab } from './client-limits-lab.ts'

for (const workers of [0, 2]) {
  suite(`the most connections, with ${workers} workers`, { concurrency: true }, () => {
    test('beyond them those that are idle for longest are closed first, never busy ones', async (t) => {
      const backend = await startHoldingBackend(t, 'held')
      // One thread's share must be enough for the test: threads close only their own.
      const lab = await startClientLab(t, backend.url, { maxConnections: 8 }, { workers })
      const busy = await Promise.all([1, 2].map(() => lab.connect(t)))
      for (const client of busy) client.write(get())
      await until('both are under way', () => backend.held() === 2)
      const idle: LabClient[] = []
      for (let count = 0; count < 6; count++) idle.push(await lab.connect(t))
      for (let count = 0; count < 30; count++) await lab.connect(t)
      await until('the idle ones were closed', () => idle.every((client) => client.isClosed()))
      assert.deepEqual(
        busy.map((client) => client.isClosed()),
        [false, false]
      )
      backend.release()
      await Promise.all(busy.map((client) => client.untilText('held')))
    })

    test('beyond them an idle session of HTTP/2 is closed, not one with a stream', async (t) => {
      const backend = await startHoldingBackend(t, 'held')
      const lab = await startClientLab(t, backend.url, { maxConnections: 2 }, { way: 'TLS', workers })
      const port = Number(new URL(lab.url).port)
      const busy = await rawHttp2(t, port)
      busy.write(getFrame(1))
      await until('it is under way', () => backend.held() === 1)
      const idle = await rawHttp2(t, port)
      await idle.untilFrame(TYPE.settings)
      // Until it is the idle one's thread that has the new one.
      await until('the idle one is closed', async () => {
        await tcpClient(t, port)
        return idle.isClosed()
      })
      assert.equal(busy.isClosed(), false)
      backend.release()
      await busy.untilFrame(TYPE.data, 1)
    })

    test('of one address: the next one is closed at once, and served when there is room again', async (t) => {
      const backend = await startBackend(t, 'fine')
      const lab = await startClientLab(t, backend.url, { maxConnectionsPerIp: 3 }, { workers })
      const clients = []
      for (let count = 0; count < 3; count++) {
        const client = await lab.connect(t)
        client.write(get())
        await client.untilText('fine')
        clients.push(client)
      }
      for (let count = 0; count < 5; count++) await (await lab.connect(t)).closed
      clients[0]!.end()
      await until('a new one is served', async () => {
        const client = await lab.connect(t)
        client.write(get())
        await until('it is decided', () => client.isClosed() || client.text() !== '')
        return client.text().includes('fine')
      })
      assert.deepEqual(
        clients.slice(1).map((client) => client.isClosed()),
        [false, false]
      )
    })

    test('of one address: behind the PROXY protocol the client’s counts, IPv6 by its network', async (t) => {
      const backend = await startBackend(t, 'fine')
      const lab = await startClientLab(
        t,
        backend.url,
        { maxConnectionsPerIp: 1 },
        { way: 'PROXY protocol', workers }
      )
      const ipv6 = (address: string): string => `PROXY TCP6 ${address} 2001:db8::1 1 2\r\n`
      for (const [first, second, same] of [
        [proxyHeader('192.0.2.1'), proxyHeader('192.0.2.1'), true],
        [proxyHeader('192.0.2.2'), proxyHeader('192.0.2.3'), false],
        [ipv6('2001:db8:1::1'), ipv6('2001:db8:1::2'), true],
        [ipv6('2001:db8:2::1'), ipv6('2001:db8:3::1'), false]
      ] as const) {
        const one = await lab.connect(t, first)
        one.write(get())
        await one.untilText('fine')
        const other = await lab.connect(t, second)
        other.write(get())
        if (same) await other.closed
        else await other.untilText('fine')
        assert.equal(one.isClosed(), false)
      }
    })

    test('of one address: a trusted proxy may have as many as it likes', async (t) => {
      const backend = await startBackend(t, 'fine')
      const server = { trustProxy: ['127.0.0.0/8'] }
      const lab = await startClientLab(t, backend.url, { maxConnectionsPerIp: 1 }, { workers, server })
      for (let count = 0; count < 5; count++) {
        const client = await lab.connect(t)
        client.write(get())
        await client.untilText('fine')
      }
    })

    test('when all are busy the new one is closed at once', async (t) => {
      const backend = await startHoldingBackend(t, 'held')
      const lab = await startClientLab(t, backend.url, { maxConnections: 3 }, { workers })
      const busy = await Promise.all([1, 2, 3].map(() => lab.connect(t)))
      for (const client of busy) client.write(get())
      await until('all are under way', () => backend.held() === 3)
      for (let count = 0; count < 5; count++) await (await lab.connect(t)).closed
      backend.release()
      await Promise.all(busy.map((client) => client.untilText('held')))
    })

    test('a reload brings another limit, on the same port', async (t) => {
      const backend = await startBackend(t, 'fine')
      const lab = await startClientLab(t, backend.url, { maxHeaders: 20, maxHeaderSize: '2KiB' }, { workers })
      const ask = async (...fields: string[]): Promise<string> => {
        const client = await lab.connect(t)
        client.write(get('/', ...fields))
        await client.untilText('HTTP/1.1 ')
        client.end()
        return client.text().slice(9, 12)
      }
      const many = Array.from({ length: 25 }, (_, index) => `X-${index}: y`)
      const large = [`X-Large: ${'y'.repeat(3000)}`]
      assert.deepEqual([await ask(), await ask(...many), await ask(...large)], ['200', '431', '431'])
      const before = lab.url
      await lab.write({
        server: { limits: { maxHeaders: 40, maxHeaderSize: '8KiB' }, port: Number(new URL(lab.url).port) },
        upstreams: { lab: { backends: [backend.url] } },
        routes: [{ path: '/', upstream: 'lab' }]
      })
      await lab.gateway.reload('file')
      assert.equal(lab.gateway.url, before)
      assert.deepEqual([await ask(), await ask(...many), await ask(...large)], ['200', '200', '200'])
    })
  })
}

test('connections that are turned away are told of together, with the reason and their number', async (t) => {
  const backend = await startBackend(t, 'fine')
  const lab = await startClientLab(t, backend.url, { maxConnectionsPerIp: 1, maxConnections: 100 })
  const first = await lab.connect(t)
  first.write(get())
  await first.untilText('fine')
  for (let count = 0; count < 10; count++) await (await lab.connect(t)).closed
  const lines = lab.lines('connections were turned away')
  assert.deepEqual(
    lines.map(({ level, reason, refused, evicted }) => [level, reason, refused, evicted]),
    [[40, 'max_connections_per_ip', 1, 0]],
    'the others come with the next line, ten seconds later'
  )
})
