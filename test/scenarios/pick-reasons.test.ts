import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { backendOf, startGateway } from '../helpers/gateway.ts'
import { startHoldingBackend } from '../helpers/holding-backend.ts'
import { collectLog, type LogLine } from '../helpers/log-lines.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { until } from '../helpers/until.ts'

test('the log says why a backend was picked, when it was not simply its turn', async (t) => {
  const [good, other] = [await startBackend(t, 'good'), await startBackend(t, 'other')]
  const held = await startHoldingBackend(t, 'held')
  const gone = await closedPort()
  const { log, lines } = collectLog('info')
  // What is probed is not what serves.
  const ill = { type: 'tcp', port: Number(new URL(gone).port), initially: 'unhealthy' }
  const { url, group } = await startGateway(
    t,
    {
      log: { level: 'info' },
      upstreams: {
        plain: { backends: [good.url] },
        spilled: {
          backends: [gone, { url: good.url, tier: 1 }],
          healthCheck: { type: 'tcp', interval: '100ms' }
        },
        panic: { backends: [good.url], healthCheck: ill, panicThreshold: 1 },
        nobody: { backends: [good.url], healthCheck: ill },
        retried: { backends: [gone, good.url] },
        keyed: { backends: [good.url], balancing: { algorithm: 'hash', key: 'header:x-user' } },
        sticky: { backends: [good.url, other.url], affinity: { secret: 'a secret of this test' } },
        lined: { backends: [{ url: held.url, maxInFlight: 1 }], queue: { max: 1, timeout: '30s' } }
      },
      routes: ['plain', 'spilled', 'panic', 'nobody', 'retried', 'keyed', 'sticky', 'lined'].map((name) => ({
        path: `/${name}`,
        upstream: name
      }))
    },
    { log }
  )
  let read = 0
  const nextLine = async (): Promise<LogLine> => {
    await until('the request was logged', () => lines('request').length > read)
    return lines('request')[read++]!
  }
  const pickOf = async (path: string, headers: Record<string, string> = {}): Promise<unknown> => {
    await exchange(`${url}${path}`, { headers })
    const { pick, reason } = await nextLine()
    return pick ?? reason
  }

  assert.equal(await pickOf('/plain'), undefined)
  await until(
    'the first tier is ill',
    async () => backendOf(await group('spilled'), gone).health === 'unhealthy'
  )
  assert.equal(await pickOf('/spilled'), 'spilled')
  assert.equal(await pickOf('/panic'), 'panic')
  assert.equal(await pickOf('/nobody'), 'no_usable_backend')
  const retried = [await pickOf('/retried'), await pickOf('/retried')]
  assert.equal(retried.filter((pick) => pick === 'retry').length, 1)
  assert.equal(await pickOf('/keyed', { 'x-user': 'ann' }), undefined)
  assert.equal(await pickOf('/keyed'), 'no_key')

  const { headers } = await exchange(`${url}/sticky`)
  assert.equal((await nextLine()).pick, undefined)
  const cookie = headers['set-cookie']![0]!.split(';')[0]!
  assert.equal(await pickOf('/sticky', { cookie }), 'affinity')

  const running = exchange(`${url}/lined`)
  await until('the place is taken', () => held.held() === 1)
  const waiting = exchange(`${url}/lined`)
  await until('one waits', async () => (await group('lined')).waiting === 1)
  assert.equal(await pickOf('/lined'), 'queue_full')
  held.release()
  await Promise.all([running, waiting])
  const both = [await nextLine(), await nextLine()].map(({ pick, waited }) => [pick, typeof waited])
  assert.deepEqual(
    both.toSorted((one, another) => String(one[0]).localeCompare(String(another[0]))),
    [
      ['queued', 'number'],
      [undefined, 'undefined']
    ]
  )
})
