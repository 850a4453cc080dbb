import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { AdminClient } from '../../src/commands/admin-client.ts'
import { CommandError, NoGatewayError } from '../../src/commands/main.ts'
import { statusText } from '../../src/commands/status.ts'
import { type Reply, startScriptedGateway } from '../helpers/scripted-gateway.ts'
import { until } from '../helpers/until.ts'
import { ROOT } from './xecureapi.ts'

const READY = { status: 'ready', generation: 3, workers: { configured: 2, serving: 2 } }
const NOT_READY = {
  ...READY,
  status: 'not_ready',
  reason: 'no_worker',
  workers: { configured: 2, serving: 0 }
}
const GROUPS = [
  {
    name: 'catalog',
    waiting: 4,
    panic: true,
    breaker: 'half-open',
    backends: [
      { health: 'healthy', inFlight: 5 },
      { health: 'unhealthy', inFlight: 2 }
    ]
  },
  { name: 'orders', waiting: 0, panic: false, breaker: null, backends: [] }
]
const PLAIN = { json: false, watch: false }

const answering =
  (ready: Reply, upstreams: Reply) =>
  ({ path }: { readonly path: string }): Reply =>
    ({ '/readyz': ready, '/api/upstreams': upstreams })[path] ?? 404

const client = async (admin: string): Promise<AdminClient> =>
  await AdminClient.of({ admin, config: '', token: 'secret' })

describe('status', { concurrency: true }, () => {
  test('shows readiness, generation and workers, and of each group its health and load', async (t) => {
    const { url, calls } = await startScriptedGateway(
      t,
      answering({ status: 200, body: READY }, { status: 200, body: GROUPS })
    )
    const lines = (await statusText(await client(url), PLAIN)).split('\n')
    assert.equal(lines.shift(), 'ready, generation 3, 2 of 2 workers')
    assert.deepEqual(
      lines.map((line) => line.split(/ {2,}/)),
      [
        ['GROUP', 'HEALTHY', 'IN FLIGHT', 'WAITING', 'PANIC', 'BREAKER'],
        ['catalog', '1/2', '7', '4', 'yes', 'half-open'],
        ['orders', '0/0', '0', '0', 'no', 'none'],
        ['']
      ]
    )
    assert.ok(calls.every(({ token }) => token === 'Bearer secret'))
  })

  test('a gateway that is not ready is a status like any other, and says why', async (t) => {
    const { url } = await startScriptedGateway(
      t,
      answering({ status: 503, body: NOT_READY }, { status: 200, body: GROUPS })
    )
    const text = await statusText(await client(url), PLAIN)
    assert.match(text, /^not_ready \(no_worker\), generation 3, 0 of 2 workers\n/)
  })

  test('--json is what the API says, on one line while it is watched', async (t) => {
    const { url } = await startScriptedGateway(
      t,
      answering({ status: 200, body: READY }, { status: 200, body: GROUPS })
    )
    const said = { readiness: READY, upstreams: GROUPS }
    const admin = await client(url)
    assert.deepEqual(JSON.parse(await statusText(admin, { json: true, watch: false })), said)
    assert.equal(await statusText(admin, { json: true, watch: true }), `${JSON.stringify(said)}\n`)
  })

  test('a refusal, and another kind of server, are told apart', async (t) => {
    const refusing = await startScriptedGateway(t, answering({ status: 200, body: READY }, 401))
    await assert.rejects(statusText(await client(refusing.url), PLAIN), (error) => {
      assert.ok(error instanceof CommandError && !(error instanceof NoGatewayError))
      assert.equal(error.message, `the gateway at ${refusing.url} refuses: said 401`)
      return true
    })
    const other = await startScriptedGateway(t, () => ({ status: 200, body: {} }))
    await assert.rejects(statusText(await client(other.url), PLAIN), NoGatewayError)
  })
})

test('status --watch looks each second, through a time without a gateway, and ends with 0 on SIGINT', async (t) => {
  const well = answering({ status: 200, body: READY }, { status: 200, body: GROUPS })
  const gateway = await startScriptedGateway(t, well)
  const words = ['status', '--watch', '--admin', gateway.url]
  const child = spawn(process.execPath, [join(ROOT, 'src/cli.ts'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const looks = (): number => text.split('ready, generation 3').length - 1
  await until('it looked', () => looks() === 1)
  gateway.answer = () => 'cut'
  await until('it misses the gateway', () => text.includes(`no gateway answers at ${gateway.url}`))
  gateway.answer = well
  await until('it looked again', () => looks() === 2)
  const ended = once(child, 'exit')
  child.kill('SIGINT')
  assert.deepEqual(await ended, [0, null])
  assert.ok(!text.includes('\x1b'))
})
