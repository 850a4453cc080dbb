import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { GatewayProcess } from '../../bench/chaos/gateway-process.ts'
import { startBackend } from '../helpers/backend.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { withTestDefaults } from '../helpers/gateway.ts'
import { scrape } from '../helpers/scrape.ts'
import { until } from '../helpers/until.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const BODY = Buffer.alloc(8_000, 'x')

/** Breaks one of two workers while clients upload, and expects the other one to go on. */
async function crashAmidUploads(t: TestContext, what: 'throw late' | 'block'): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-crash-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const [authority, backend] = await Promise.all([createAuthority(), startBackend(t, 'a')])
  const certificate = await authority.issue(['127.0.0.1'])
  const config = withTestDefaults(
    {
      server: { stallTimeout: what === 'block' ? '1s' : '30s', tls: { certificates: [certificate] } },
      store: { path: join(folder, 'store') },
      upstreams: { shop: { backends: [backend.url] } },
      routes: [{ path: '/', upstream: 'shop' }]
    },
    2
  )
  const gateway = await GatewayProcess.start(t, CLI, folder, stringify(config))
  // Enough connections that both workers have some.
  const sessions = Array.from({ length: 8 }, () => {
    const session = connect(gateway.url, { ca: authority.ca })
    session.on('error', () => {})
    t.after(() => session.destroy())
    return session
  })
  let answered = 0
  const upload = (): void => {
    for (const session of sessions) {
      if (session.destroyed || session.closed) continue
      const stream = session.request({ ':method': 'POST', ':path': '/' })
      stream.on('error', () => {})
      stream.on('response', () => answered++)
      stream.resume().end(BODY)
    }
  }
  const timer = setInterval(upload, 8)
  t.after(() => clearInterval(timer))
  await until('it serves', () => answered > 100)
  gateway.crash({ row: 0, what })
  await until('the worker is back', async () => {
    if (gateway.hasEnded) throw new Error(await gateway.errors())
    const metrics = await scrape(gateway.adminUrl)
    return metrics.get('xecureapi_worker_changes_total{state="serving"}') === 1
  })
  const before = answered
  await until('the other one has served all the time', () => answered > before + 20)
  clearInterval(timer)
  await delay(50)
  assert.equal(await gateway.errors(), '')
  assert.equal(await gateway.stop(), 0)
}

// Node aborts the whole process when a body's bytes come for a stream of HTTP/2 whose thread runs no JavaScript any more.
suite(
  'a worker that dies amid uploads over HTTP/2 does not take the gateway along',
  { concurrency: true },
  () => {
    test('when it throws', (t) => crashAmidUploads(t, 'throw late'))
    test('when it stands still and is ended', (t) => crashAmidUploads(t, 'block'))
  }
)
