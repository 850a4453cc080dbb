import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { GroupView } from '../../src/admin/upstreams.ts'
import {
  type ChildGateway,
  type Ended,
  startChildGateway,
  startChildGatewayFrom
} from '../helpers/child-gateway.ts'
import { exchange } from '../helpers/exchange.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

/** Backends that one writer registers and removes, over and over. */
const BACKENDS = 6

const JSON_BODY = { 'content-type': 'application/json' }

/** What must be so of a backend: whether it is there; undefined = nobody was told. */
type Told = Map<string, boolean | undefined>

/** What may be answered then: to a removal of what must be there, else to a registration. */
const EXPECTED: ReadonlyMap<boolean | undefined, readonly number[]> = new Map([
  [true, [202]],
  [false, [201]],
  [undefined, [200, 201]]
])

/** Registers and removes backends by the admin API, one call at a time, until it is told to stop. */
async function write(gateway: ChildGateway, port: number, told: Told, signal: AbortSignal): Promise<void> {
  const path = `${gateway.adminUrl}/api/upstreams/shop/backends`
  for (let count = 0; !signal.aborted; count++) {
    const host = `127.0.0.1:${port + (count % BACKENDS)}`
    const url = `http://${host}`
    const isThere = told.get(url)
    told.set(url, undefined)
    const call =
      isThere === true
        ? exchange(`${path}/${host}?now=true`, { method: 'DELETE' })
        : exchange(path, { method: 'POST', headers: JSON_BODY, body: JSON.stringify({ url }) })
    const status = await call.then(
      (answer) => answer.status,
      () => undefined
    )
    // It is gone, perhaps amid its answer.
    if (status === undefined) return
    // So that of few backends nobody was told what became of them.
    if (status === 503) await until('it is back', async () => signal.aborted || (await isWritable(gateway)))
    else {
      assert.ok(EXPECTED.get(isThere)!.includes(status), `${status} of ${url}, there: ${isThere}`)
      told.set(url, isThere !== true)
    }
  }
}

async function isWritable({ adminUrl }: ChildGateway): Promise<boolean> {
  const { body } = await exchange(`${adminUrl}/api/registrations`)
  return (JSON.parse(body) as { trouble: unknown }).trouble === null
}

async function known(gateway: ChildGateway): Promise<Set<string>> {
  const group = JSON.parse((await exchange(`${gateway.adminUrl}/api/upstreams/shop`)).body) as GroupView
  return new Set(group.backends.map(({ url }) => url))
}

/**
 * Kills one of two gateways, or the Redis between them, which has no disk, at random points while backends are registered
 * and removed by both, and starts it again. Fails when anything is lost that was acknowledged, or is back that was removed.
 */
export async function killGatewaysWhileWriting(t: TestContext, kills: number): Promise<void> {
  const redis = await startRedis(t)
  const config = {
    store: { type: 'redis', url: redis.url },
    upstreams: { shop: { backends: ['http://127.0.0.1:1'] } },
    routes: [{ path: '/', upstream: 'shop' }]
  }
  const gateways = [await startChildGateway(t, config, 0), await startChildGateway(t, config, 0)]
  const told: Told = new Map()
  let stopping = new AbortController()
  t.after(() => stopping.abort())
  for (let kill = 0; kill < kills; kill++) {
    stopping = new AbortController()
    const { signal } = stopping
    const writers = gateways.map((each, at) => write(each, 20_000 + 100 * at, told, signal))
    await until('all are written', () => told.size === 2 * BACKENDS)
    await delay(200 * Math.random())
    const victim = kill % 3
    const killed = gateways[victim]
    if (killed) {
      killed.kill('SIGKILL')
      const ended: Ended = await killed.ended
      assert.deepEqual(ended, { code: null, signal: 'SIGKILL' })
    } else {
      await redis.kill()
      await redis.restart()
      await delay(200 * Math.random())
    }
    stopping.abort()
    await Promise.all(writers)
    if (killed) gateways[victim] = await startChildGatewayFrom(t, killed.file, 0)
    await until('both know the same, and can be written to', async () => {
      const [one, other] = await Promise.all(gateways.map(known))
      return isSame(one!, other!) && (await Promise.all(gateways.map(isWritable))).every(Boolean)
    })
    const certain = [...told].filter(([, must]) => must !== undefined)
    assert.ok(certain.length > told.size / 2, `${certain.length} of ${told.size}`)
    for (const gateway of gateways) {
      const there = await known(gateway)
      for (const [url, must] of certain) assert.equal(there.has(url), must, `kill ${kill}: ${url}`)
    }
  }
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((url) => other.has(url))
}
