import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { type RawBackend, type RawConnection, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, assertLine, get, type Lab, message, post, startLab } from '../../helpers/lab.ts'

/** A backend that answers the first request of a connection, and closes it just as the second one comes. */
async function startStaleBackend(t: TestContext): Promise<RawBackend> {
  const served = new Set<RawConnection>()
  return await startRawBackend(t, (connection) => {
    if (served.has(connection)) connection.socket.resetAndDestroy()
    else connection.send(answer(200, 'ok'))
    served.add(connection)
  })
}

/** Leaves so many connections behind that are kept alive and will turn out to be closed. */
async function leaveStale(lab: Lab, count: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => lab.client()))
  for (const client of clients) client.write(get('/warm'))
  for (const client of clients) await client.untilText('ok')
  for (const _ of clients) await lab.nextLine()
}

describe('a stale connection', { concurrency: 3 }, () => {
  for (const [what, request] of [
    ['a GET', get('/late')],
    ['a DELETE', message('DELETE', '/late', [], '')],
    ['a PUT with a body', message('PUT', '/late', ['Content-Length: 8'], 'the body')]
  ] as const) {
    test(`${what} on a connection that the backend just closed goes over a fresh one, as the same attempt`, async (t) => {
      const backend = await startStaleBackend(t)
      // Nothing but the replacement is allowed.
      const lab = await startLab(t, { backends: [backend.url], group: { retry: { attempts: 1 } } })
      await leaveStale(lab, 1)
      const client = await lab.client()
      client.write(request)
      await client.untilText('ok')
      assertLine(await lab.nextLine(), { status: 200, attempts: 1, reason: undefined })
      await lab.untilIdle()
      assert.equal(backend.connections.length, 2)
      if (what.includes('body')) await backend.connections[1]!.untilReceived('the body')
    })
  }

  test('the replacement is a fresh connection, not another stale one', async (t) => {
    const backend = await startStaleBackend(t)
    const lab = await startLab(t, { backends: [backend.url], group: { retry: { attempts: 1 } } })
    await leaveStale(lab, 5)
    const before = backend.connections.length
    const client = await lab.client()
    client.write(get('/late'))
    await client.untilText('ok')
    const tries = backend.connections.filter(({ received }) => received().includes('/late'))
    assert.deepEqual([tries.length, backend.connections.length], [2, before + 1])
    const [view] = (await lab.group('lab')).backends
    assert.equal(view!.failures, 0, 'a stale connection is nobody’s fault')
  })

  test('a POST on a connection that the backend just closed is 502: it may have been carried out', async (t) => {
    const backend = await startStaleBackend(t)
    const lab = await startLab(t, { backends: [backend.url] })
    await leaveStale(lab, 1)
    const client = await lab.client()
    client.write(post('/late', 'the body'))
    await client.untilText('502 Bad Gateway')
    assertLine(await lab.nextLine(), { status: 502, attempts: 1, reason: 'reset' })
  })

  test('a POST that the route calls repeatable goes over a fresh connection', async (t) => {
    const backend = await startStaleBackend(t)
    const lab = await startLab(t, {
      backends: [backend.url],
      route: { retry: { methods: ['POST'], attempts: 1 } }
    })
    await leaveStale(lab, 1)
    const client = await lab.client()
    client.write(post('/late', 'the body'))
    await client.untilText('ok')
    assertLine(await lab.nextLine(), { status: 200, attempts: 1 })
  })

  test('a fresh connection that breaks is an attempt that failed', async (t) => {
    const backend = await startRawBackend(t, ({ socket }) => socket.resetAndDestroy())
    const lab = await startLab(t, { backends: [backend.url], group: { retry: { attempts: 1 } } })
    const client = await lab.client()
    client.write(get('/late'))
    await client.untilText('502 Bad Gateway')
    assertLine(await lab.nextLine(), { status: 502, attempts: 1, reason: 'reset' })
    assert.equal(backend.connections.length, 1)
  })
})
