import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { exchange } from '../helpers/exchange.ts'
import { inFlight, startGateway, untilIdle, WORKER_COUNTS } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { get, post } from '../helpers/lab.ts'
import { collectLog, type LogLine } from '../helpers/log-lines.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

for (const workers of WORKER_COUNTS) {
  test(`requests wait in line for a full group, with ${workers} workers`, async (t) => {
    const backend = await startHoldingBackend(t, 'held')
    const { log, lines } = collectLog('info')
    const group = (max: number, timeout: string) => ({
      queue: { max, timeout },
      backends: [{ url: backend.url, maxInFlight: 1 }]
    })
    const config = {
      // The lines of other threads go to the process's own output.
      log: { level: workers === 0 ? 'info' : 'silent' },
      upstreams: { patient: group(2, '30s'), hasty: group(2, '60ms') },
      routes: [
        { path: '/hasty', upstream: 'hasty' },
        { path: '/late', upstream: 'patient', timeouts: { total: '60ms' } },
        { path: '/', upstream: 'patient' }
      ]
    }
    const {
      gateway,
      url,
      write,
      group: view
    } = await startGateway(t, config, {
      workers,
      ...(workers === 0 && { log })
    })
    const untilWaiting = (count: number): Promise<void> =>
      until(`${count} wait`, async () => (await view('patient')).waiting === count)
    let read = 0
    const newLines = async (count: number): Promise<LogLine[]> => {
      if (workers > 0) return []
      await until(`${count} requests were logged`, () => lines('request').length >= read + count)
      const found = lines('request').slice(read)
      read += found.length
      return found
    }
    const occupy = async (path: string): Promise<() => Promise<void>> => {
      backend.hold()
      const running = exchange(`${url}${path}`)
      await until('the only place is taken', () => backend.held() === 1)
      return async () => {
        backend.release()
        assert.equal((await running).status, 200)
      }
    }

    await t.test('one that waited is served, and the log says how long it was', async () => {
      const release = await occupy('/')
      const waiting = exchange(`${url}/waiting`)
      await untilWaiting(1)
      assert.equal(backend.held(), 1)
      await release()
      assert.equal((await waiting).body, 'held')
      const found = (await newLines(2)).map(({ path, pick, waited }) => [path, pick, waited !== undefined])
      if (workers > 0) return
      assert.deepEqual(
        found.toSorted((one, another) => String(one[0]).localeCompare(String(another[0]))),
        [
          ['/', undefined, false],
          ['/waiting', 'queued', true]
        ]
      )
    })

    await t.test('a line that is full refuses at once', async () => {
      const release = await occupy('/')
      let refused = 0
      const all = Promise.all(
        Array.from({ length: 5 }, async () => {
          const outcome = await exchange(`${url}/more`)
          if (outcome.status === 503) refused++
          return outcome
        })
      )
      await until('those who are too many are refused', () => refused === 3)
      assert.equal((await view('patient')).waiting, 2)
      for (const line of await newLines(3)) assert.deepEqual([line.status, line.reason], [503, 'queue_full'])
      await release()
      const outcomes = await all
      assert.deepEqual(outcomes.filter(({ status }) => status === 200).length, 2)
      assert.ok(outcomes.every(({ status, headers }) => status === 200 || headers['retry-after'] === '1'))
      await newLines(3)
    })

    await t.test('a wait has an end: the group’s, and the request’s own', async () => {
      for (const [path, place] of [
        ['/hasty', '/hasty'],
        ['/late', '/']
      ] as const) {
        const release = await occupy(place)
        const { status, headers } = await exchange(`${url}${path}`)
        assert.deepEqual([status, headers['retry-after']], [503, '1'])
        for (const line of await newLines(1)) {
          assert.deepEqual([line.reason, line.attempts], ['queue_timeout', 0])
          assert.ok(Number(line.waited) > 30, `waited ${String(line.waited)}`)
        }
        await release()
        await newLines(1)
      }
    })

    await t.test('one whose client has left makes room, and takes no place', async (sub) => {
      const release = await occupy('/')
      const clients = await Promise.all([rawClient(sub, url), rawClient(sub, url)])
      clients[0].write(get('/gone'))
      clients[1].write(post('/gone', 'x'.repeat(100_000)))
      await untilWaiting(2)
      for (const { socket } of clients) socket.resetAndDestroy()
      await untilWaiting(0)
      for (const line of await newLines(2)) {
        assert.deepEqual([line.path, line.reason, line.attempts], ['/gone', 'client_gone', 0])
      }
      const before = backend.requests()
      const others = [exchange(`${url}/other`), exchange(`${url}/other`)]
      await untilWaiting(2)
      await release()
      assert.deepEqual(
        (await Promise.all(others)).map(({ status }) => status),
        [200, 200]
      )
      assert.equal(backend.requests(), before + 2)
      await newLines(3)
    })

    await t.test('a client that waits for a 100 gets none before it is its turn', async (sub) => {
      const release = await occupy('/')
      const client = await rawClient(sub, url)
      client.write('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
      await untilWaiting(1)
      await delay(30)
      assert.equal(client.text(), '')
      await release()
      await client.untilText('100 Continue')
      client.write('body')
      await client.untilText('200 OK')
      await newLines(2)
    })

    await t.test('a reload lets those who wait go on', async () => {
      const release = await occupy('/')
      const waiting = exchange(`${url}/waiting`)
      await untilWaiting(1)
      await write({ ...config, upstreams: { ...config.upstreams, patient: group(3, '30s') } })
      await gateway.reload('admin')
      const late = exchange(`${url}/late-comer`)
      await untilWaiting(2)
      assert.equal(backend.held(), 1)
      await release()
      assert.deepEqual([(await waiting).status, (await late).status], [200, 200])
      await newLines(3)
    })

    await untilIdle(gateway)
    assert.equal(await inFlight(gateway), 0)

    await t.test('a stop leaves nobody waiting', async (sub) => {
      backend.hold()
      const clients = await Promise.all([rawClient(sub, url), rawClient(sub, url)])
      for (const client of clients) client.write(get())
      await untilWaiting(1)
      await gateway.stop(0)
      await Promise.all(clients.map(({ closed }) => closed))
    })
  })
}
