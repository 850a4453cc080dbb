import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type Flood, FLOODS } from '../../bench/hostile/floods.ts'
import { HTTP2_FLOODS } from '../../bench/hostile/http2-floods.ts'
import { Tally } from '../../bench/hostile/tally.ts'
import { startBackend } from '../helpers/backend.ts'
import { type RawConfig, startGateway, type TestGateway, untilIdle } from '../helpers/gateway.ts'
import { exchangeHttp2, http2Client } from '../helpers/http2-client.ts'
import { localCertificate } from '../helpers/http2-lab.ts'
import { failures, keepAliveAgent, startLoad } from '../helpers/load.ts'

/** How long a flood lasts, in milliseconds. */
const DURATION = 400
/** Of what `bench:hostile` sends. */
const STRENGTH = 0.2
/** Where floods come from: another address than ordinary clients. */
const FROM = '127.0.0.2'

async function start(t: TestContext, server: RawConfig): Promise<TestGateway> {
  const backend = await startBackend(t, 'shop')
  return await startGateway(
    t,
    {
      server: { limits: { bodyLimit: '64KiB', maxConnections: 40 }, ...server },
      upstreams: { shop: { backends: [backend.url] } },
      routes: [{ path: '/', upstream: 'shop' }]
    },
    { workers: 2 }
  )
}

/** Floods a gateway. @returns What was done and what came back, by name. */
async function flood(flow: Flood, { url }: TestGateway): Promise<Readonly<Record<string, number>>> {
  const tally = new Tally()
  const port = Number(new URL(url).port)
  await flow({ port, from: FROM, strength: STRENGTH, tally }, AbortSignal.timeout(DURATION))
  return tally.counts
}

test('every ordinary request beside a flood of one address is served, with 2 workers', async (t) => {
  const gateway = await start(t, {})
  for (const [name, flow] of Object.entries(FLOODS)) {
    await t.test(name, async (sub) => {
      const load = startLoad(keepAliveAgent(sub), gateway.url, 100)
      const counts = await flood(flow, gateway)
      const outcomes = await load.stop()
      assert.ok(counts['opened']! > 0)
      assert.ok(outcomes.length > 0)
      // A connection that was idle for longest is closed for a new one, and a request may just be on its way there.
      const cut = failures(outcomes)
      assert.ok(
        cut.length <= 4 + outcomes.length / 50 && cut.every(({ error }) => error === 'ECONNRESET'),
        JSON.stringify(cut)
      )
      await untilIdle(gateway.gateway)
    })
  }
})

test('every ordinary request beside a flood of frames of HTTP/2 is served, with 2 workers', async (t) => {
  const { ca, certificate } = await localCertificate()
  const gateway = await start(t, { tls: { certificates: [certificate] } })
  const session = await http2Client(t, gateway.url, ca)
  for (const [name, flow] of Object.entries(HTTP2_FLOODS)) {
    await t.test(name, async () => {
      const running = new AbortController()
      const statuses: number[] = []
      const ordinary = (async () => {
        while (!running.signal.aborted) statuses.push((await exchangeHttp2(session, {})).status)
      })()
      const counts = await flood(flow, gateway)
      running.abort()
      await ordinary
      assert.ok(counts['opened']! > 0)
      assert.deepEqual(new Set(statuses), new Set([200]))
      await untilIdle(gateway.gateway)
    })
  }
})
