import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend } from '../helpers/backend.ts'
import { untilIdle } from '../helpers/gateway.ts'
import { assertLine } from '../helpers/lab.ts'
import type { LogLine } from '../helpers/log-lines.ts'
import { tcpClient, untilClosed } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'
import {
  assertFired,
  beginUpload,
  type ClientLab,
  get,
  type LabClient,
  proxyHeader,
  startClientLab,
  type Way,
  WAYS
} from './client-limits-lab.ts'

// Long enough for a machine that stands still now and then.
const LIMITS = { headersTimeout: '1s', requestTimeout: '2s', keepAliveTimeout: '500ms' }
/** Node's server gives an idle connection so much more, for clients that count by the same clock. */
const KEEP_ALIVE_BUFFER = 1_000

/** A gateway with a backend that holds what is asked for at some paths. */
interface Scene {
  readonly name: string
  readonly way: Way
  readonly workers: number
  readonly lab: ClientLab
  /** Requests for a path that the backend holds. */
  readonly held: (path: string) => ServerResponse[]
}

async function startScene(
  t: TestContext,
  way: Way,
  workers: number,
  limits: object = LIMITS
): Promise<Scene> {
  const holding = new Set<ServerResponse>()
  const backend = await startBackend(t, 'a', (request, response) => {
    request.resume()
    if (request.url === '/shop/fine') response.end('fine')
    else {
      holding.add(response)
      response.once('close', () => holding.delete(response))
      if (request.url === '/shop/begun') response.write('begun')
    }
  })
  const route = { path: '/shop' }
  const lab = await startClientLab(t, backend.url, { ...limits }, { way, workers, route })
  const held = (path: string): ServerResponse[] => [...holding].filter(({ req }) => req.url === path)
  return { name: `${way}, with ${workers} workers`, way, workers, lab, held }
}

/** Lines of the access log, which can be read without worker threads only. */
function linesOf({ lab }: Scene, match: LogLine): LogLine[] {
  const wanted = Object.entries(match)
  return lab.lines('request').filter((line) => wanted.every(([key, value]) => line[key] === value))
}

async function assertLogged(scene: Scene, match: LogLine, expected: LogLine): Promise<LogLine | undefined> {
  if (scene.workers > 0) return undefined
  await until('it is logged', () => linesOf(scene, match).length > 0)
  const [line] = linesOf(scene, match)
  assertLine(line!, expected)
  return line
}

/** Sends a byte now and again until the connection is over. */
function drip(t: TestContext, client: LabClient): void {
  const timer = setInterval(() => client.write('x'), 100)
  t.after(() => clearInterval(timer))
  void client.closed.then(() => clearInterval(timer))
}

/** What a client does that takes its time, and what comes of it. */
type Slowness = (t: TestContext, scene: Scene) => Promise<void>

const SLOW: Readonly<Record<string, Slowness>> = {
  'one that sends nothing is closed after the headers timeout': async (t, { way, lab }) => {
    const client = await lab.connect(t)
    assertFired(await client.closed, 1_000)
    // Browsers open connections ahead of need: that is neither an answer's nor the log's affair.
    if (way !== 'PROXY protocol') assert.equal(client.text(), '')
  },

  'one whose head never ends gets 408 after the headers timeout': async (t, scene) => {
    const client = await scene.lab.connect(t)
    client.write('GET / HTTP/1.1\r\nX: ')
    drip(t, client)
    await client.untilText('HTTP/1.1 408 Request Timeout')
    await client.untilText('application/problem+json')
    assertFired(await client.closed, 1_000)
    await assertLogged(scene, { reason: 'err_http_request_timeout' }, { status: 408 })
  },

  'one whose body never ends gets 408 after the request timeout, and its attempt is aborted': async (
    t,
    scene
  ) => {
    const path = '/shop/upload'
    const client = await scene.lab.connect(t)
    client.write(beginUpload(path))
    await until('it is at the backend', () => scene.held(path).length === 1)
    assertFired(await client.closed, 2_000)
    assert.match(client.text(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
    assert.match(client.text(), /application\/problem\+json/)
    const expected = { status: 408, reason: 'client_too_slow', method: 'PUT', attempts: 1 }
    const line = await assertLogged(scene, { path }, expected)
    if (line) {
      assert.ok(client.text().includes(`X-Request-Id: ${line['requestId'] as string}\r\n`))
      assert.equal(linesOf(scene, { path }).length, 1, 'it is one request')
    }
    await until('the backend knows', () => scene.held(path).length === 0)
  },

  'one whose response has begun is broken off at the request timeout': async (t, scene) => {
    const path = '/shop/begun'
    const client = await scene.lab.connect(t)
    client.write(beginUpload(path))
    await client.untilText('begun')
    assertFired(await client.closed, 2_000)
    assert.ok(!client.text().includes('408'))
    await assertLogged(scene, { path }, { status: 200, reason: 'client_too_slow' })
  },

  'one that has its answer, and whose body drips for ever, is ended': async (t, scene) => {
    const client = await scene.lab.connect(t)
    client.write('PUT /elsewhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx')
    drip(t, client)
    await client.untilText('HTTP/1.1 404')
    await until('it is closed', client.isClosed, 2_000 + 4_000)
    await assertLogged(scene, { path: '/elsewhere' }, { status: 404, reason: 'no_route' })
  },

  'one that has had its answer and says no more is closed after the keep-alive timeout': async (t, scene) => {
    const client = await scene.lab.connect(t)
    client.write(get('/shop/fine'))
    await client.untilText('fine')
    await until('it is closed', client.isClosed, 500 + KEEP_ALIVE_BUFFER + 4_000)
  },

  'one that waits for its answer is not cut': async (t, scene) => {
    const path = '/shop/wait'
    const client = await scene.lab.connect(t)
    client.write(get(path))
    await until('it is at the backend', () => scene.held(path).length === 1)
    await delay(3_500)
    for (const response of scene.held(path)) response.end('at last')
    await client.untilText('at last')
  }
}

test('clients that keep a connection waiting', { concurrency: true }, async (t) => {
  const scenes: Scene[] = []
  const patient: Scene[] = []
  // One after the other, and all before the first client: what starts has no time for timeouts.
  for (const way of WAYS) {
    for (const workers of way === 'plain' ? [0, 2] : [0]) scenes.push(await startScene(t, way, workers))
    patient.push(await startScene(t, way, 0, { headersTimeout: '1s', requestTimeout: '0s' }))
  }
  const slow = scenes.flatMap((scene) =>
    Object.entries(SLOW).map(([name, play]) => t.test(`${name}, ${scene.name}`, (sub) => play(sub, scene)))
  )
  const upload = patient.map((scene) =>
    t.test(`without a request timeout a body may take any time, ${scene.name}`, async (sub) => {
      const client = await scene.lab.connect(sub)
      client.write(beginUpload('/shop/wait'))
      await delay(3_500)
      client.write('123456789')
      await until('it is at the backend', () => scene.held('/shop/wait').length === 1)
      for (const response of scene.held('/shop/wait')) response.end('at last')
      await client.untilText('at last')
    })
  )
  const layers = scenes
    .filter(({ way }) => way !== 'plain')
    .map(({ way, lab }) =>
      t.test(`a connection that says nothing, or half a header, ${way}`, async (sub) => {
        const port = Number(new URL(lab.url).port)
        const opened = performance.now()
        const silent = await tcpClient(sub, port)
        const half = await tcpClient(sub, port, proxyHeader('1.2.3.4').slice(0, 10))
        await Promise.all([untilClosed(silent), untilClosed(half)])
        assertFired(performance.now() - opened, 1_000)
      })
    )
  await Promise.all([...slow, ...upload, ...layers])
  for (const { lab } of scenes) {
    await untilIdle(lab.gateway)
    assert.equal((await lab.group('lab')).backends[0]!.failures, 0, 'the backend is not to blame')
  }
})
