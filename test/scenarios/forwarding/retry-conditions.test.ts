import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { answering, type RawBackend, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, assertLine, get, type Lab, message, post, startLab } from '../../helpers/lab.ts'
import { closedPort } from '../../helpers/misbehaving-backend.ts'

const GOOD = answer(200, 'good')

function byText(one: readonly unknown[], other: readonly unknown[]): number {
  return one.join().localeCompare(other.join())
}

/** A backend that breaks every connection once it has the request. */
async function startResetting(t: TestContext): Promise<RawBackend> {
  return await startRawBackend(t, ({ socket }) => socket.resetAndDestroy())
}

/** Sends a request over a connection of its own and returns how it was logged. */
async function ask(lab: Lab, request: string): Promise<{ status: unknown; attempts: unknown; text: string }> {
  const client = await lab.client()
  client.write(request)
  const { status, attempts } = await lab.nextLine()
  await client.untilText('\r\n\r\n')
  client.socket.destroy()
  return { status, attempts, text: client.text() }
}

/** Two requests: by turns, one of them begins with the first backend. */
async function askBoth(lab: Lab, request: string): Promise<unknown[][]> {
  const outcomes = [await ask(lab, request), await ask(lab, request)]
  return outcomes.map(({ status, attempts }) => [status, attempts]).sort(byText)
}

describe('conditions of a retry', { concurrency: 4 }, () => {
  test('a connection that is refused is tried elsewhere, whatever the conditions and the method', async (t) => {
    const good = await answering(t, GOOD)
    const lab = await startLab(t, { backends: [await closedPort(), good.url], group: { retry: { on: [] } } })
    const body = 'x'.repeat(200_000)
    for (const request of [
      get(),
      post('/', body),
      message('PATCH', '/', ['Transfer-Encoding: chunked'], '4\r\nbody\r\n0\r\n\r\n')
    ]) {
      assert.deepEqual(await askBoth(lab, request), [
        [200, 1],
        [200, 2]
      ])
    }
    const received = good.connections.map((connection) => connection.received()).join('')
    assert.equal(received.split(body).length, 3, 'the body arrived whole, both times')
  })

  test('a reset is tried elsewhere for idempotent methods, not for others', async (t) => {
    const [bad, good] = [await startResetting(t), await answering(t, GOOD)]
    const lab = await startLab(t, { backends: [bad.url, good.url] })
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
      assert.deepEqual(await askBoth(lab, message(method, '/', [], '')), [
        [200, 1],
        [200, 2]
      ])
    }
    for (const method of ['POST', 'PATCH']) {
      assert.deepEqual(await askBoth(lab, message(method, '/', ['Content-Length: 0'], '')), [
        [200, 1],
        [502, 1]
      ])
    }
  })

  test('methods: [POST] lets a POST be sent again', async (t) => {
    const [bad, good] = [await startResetting(t), await answering(t, GOOD)]
    const lab = await startLab(t, { backends: [bad.url, good.url], route: { retry: { methods: ['POST'] } } })
    assert.deepEqual(await askBoth(lab, post('/', 'the body')), [
      [200, 1],
      [200, 2]
    ])
    assert.equal(
      good.connections
        .map(({ received }) => received())
        .join('')
        .split('the body').length,
      3
    )
  })

  test('without `reset` among the conditions a reset is 502', async (t) => {
    const [bad, good] = [await startResetting(t), await answering(t, GOOD)]
    const lab = await startLab(t, {
      backends: [bad.url, good.url],
      group: { retry: { on: ['timeout', 503] } }
    })
    assert.deepEqual(await askBoth(lab, get()), [
      [200, 1],
      [502, 1]
    ])
  })

  test('a timeout is tried elsewhere only on demand', async (t) => {
    const [silent, good] = [await startRawBackend(t), await answering(t, GOOD)]
    for (const [on, expected] of [
      [['reset'], [504, 1]],
      [['timeout'], [200, 2]]
    ] as const) {
      const lab = await startLab(t, {
        backends: [silent.url, good.url],
        group: { retry: { on }, timeouts: { response: '500ms' } }
      })
      assert.deepEqual(await askBoth(lab, get()), [[200, 1], expected].sort(byText))
      await lab.untilIdle()
    }
  })

  test('statuses are conditions, as numbers and as strings', async (t) => {
    const good = await answering(t, GOOD)
    for (const [status, on, expected] of [
      [503, [503], [200, 2]],
      [503, ['503'], [200, 2]],
      [429, ['429', 500], [200, 2]],
      [500, [503], [500, 1]]
    ] as const) {
      const bad = await answering(t, answer(status, 'bad'))
      const lab = await startLab(t, { backends: [bad.url, good.url], group: { retry: { on } } })
      assert.deepEqual(await askBoth(lab, get()), [[200, 1], expected].sort(byText))
      await lab.untilIdle()
    }
  })

  test('a status is no reason to send a POST again', async (t) => {
    const [bad, good] = [await answering(t, answer(503, 'bad')), await answering(t, GOOD)]
    const lab = await startLab(t, { backends: [bad.url, good.url], group: { retry: { on: [503] } } })
    assert.deepEqual(await askBoth(lab, post('/', 'the body')), [
      [200, 1],
      [503, 1]
    ])
  })

  test('attempts: 1 turns retries off, those of refused connections too', async (t) => {
    const good = await answering(t, GOOD)
    for (const bad of [
      await closedPort(),
      (await startResetting(t)).url,
      (await answering(t, answer(503))).url
    ]) {
      const lab = await startLab(t, {
        backends: [bad, good.url],
        group: { retry: { attempts: 1, on: ['connect', 'reset', 503] } }
      })
      const [one, other] = await askBoth(lab, get())
      assert.deepEqual(one, [200, 1])
      assert.equal(other![1], 1)
      assert.notEqual(other![0], 200)
    }
  })

  test('the last response is passed on when the attempts run out, as it came', async (t) => {
    const bad = await answering(t, answer(503, 'not now', 'X-Own: yes'))
    const lab = await startLab(t, { backends: [bad.url], group: { retry: { attempts: 3, on: [503] } } })
    const client = await lab.client()
    client.write(get())
    await client.untilText('not now')
    assert.match(client.text(), /^HTTP\/1\.1 503 As It Came\r\n[^]*X-Own: yes\r\n/)
    assertLine(await lab.nextLine(), { status: 503, attempts: 3, reason: undefined })
    await lab.untilIdle()
  })

  test('a route’s retries replace the group’s key by key', async (t) => {
    const [bad, good] = [await answering(t, answer(503, 'bad')), await answering(t, GOOD)]
    const lab = await startLab(t, {
      backends: [bad.url, good.url],
      group: { retry: { attempts: 1, on: [503] } },
      route: { retry: { attempts: 2 } }
    })
    assert.deepEqual(await askBoth(lab, get()), [
      [200, 1],
      [200, 2]
    ])
  })

  test('once a byte of the response went to the client nothing is tried again', async (t) => {
    const cut = await startRawBackend(t, ({ socket }) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
    )
    const lab = await startLab(t, { backends: [cut.url], group: { retry: { attempts: 5 } } })
    const client = await lab.client()
    client.write(get())
    await client.closed
    assertLine(await lab.nextLine(), { status: 200, attempts: 1, reason: 'reset' })
  })

  test('an interim response is not yet the response: what follows it may be tried again', async (t) => {
    const bad = await startRawBackend(t, ({ socket }) =>
      socket.end('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
    )
    const good = await answering(t, GOOD)
    const lab = await startLab(t, { backends: [bad.url, good.url] })
    assert.deepEqual(await askBoth(lab, get()), [
      [200, 1],
      [200, 2]
    ])
  })

  test('a client that leaves between two attempts ends them', async (t) => {
    const bad = await answering(t, answer(503, 'later', 'Retry-After: 1'))
    const lab = await startLab(t, { backends: [bad.url], group: { retry: { attempts: 5, on: [503] } } })
    const client = await lab.client()
    client.write(get())
    await (await bad.connection(0)).untilReceived('\r\n\r\n')
    await new Promise((resolve) => setTimeout(resolve, 100))
    client.socket.resetAndDestroy()
    assertLine(await lab.nextLine(), { status: 499, reason: 'client_gone', attempts: 1 })
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    assert.equal(
      bad.connections
        .map(({ received }) => received())
        .join('')
        .split('GET').length,
      2
    )
  })
})
