import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { runCommand, startChildGateway } from '../helpers/child-gateway.ts'
import { exchange } from '../helpers/exchange.ts'
import { type RawConfig, withTestDefaults, writeConfig } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

function configOf(backend: { url: string }, rest: RawConfig): RawConfig {
  return {
    upstreams: { catalog: { backends: [backend.url] } },
    routes: [{ name: 'products', path: '/', upstream: 'catalog' }],
    ...rest
  }
}

describe('the process', { concurrency: 2 }, () => {
  test('SIGHUP reads the configuration again, the log level of worker threads included', async (t) => {
    const backend = await startBackend(t, 'a')
    const gateway = await startChildGateway(t, configOf(backend, { log: { level: 'warn' } }), 1)
    await exchange(`${gateway.url}/before`)
    await gateway.write(configOf(backend, { log: { level: 'info' } }))
    gateway.kill('SIGHUP')
    await until('it is read', () => gateway.lines('reload').some(({ trigger }) => trigger === 'signal'))

    await exchange(`${gateway.url}/after?token=query-secret`, {
      headers: { authorization: 'Bearer authorization-secret', cookie: 'session=cookie-secret' }
    })
    await until('it is a line', () => gateway.lines('request').length === 1)
    const { path, route, group, status } = gateway.lines('request')[0]!
    assert.deepEqual([path, route, group, status], ['/after', 'products', 'catalog', 200])
    assert.ok(!gateway.stdout().includes('secret'), gateway.stdout())

    await gateway.write({ routes: 1 })
    gateway.kill('SIGHUP')
    await until('it failed', () => gateway.lines('reload').some((line) => line.outcome === 'failed'))
    assert.equal((await exchange(`${gateway.url}/still`)).status, 200)
  })

  for (const [which, listener, workers] of [
    ['public', 'server', 2],
    ['admin', 'admin', 0]
  ] as const) {
    test(`a ${which} port in use is one line and exit code 1`, async (t) => {
      const busy = await startBackend(t, 'busy')
      const file = await writeConfig(t, withTestDefaults({ [listener]: { port: busy.port } }, workers))
      const command = runCommand(t, 'start', '--config', file)
      assert.deepEqual(await command.ended, { code: 1, signal: null })
      assert.equal(
        command.stderr(),
        `xecureapi: cannot listen on 127.0.0.1:${busy.port}: the port is in use\n`
      )
      assert.equal(command.stdout(), '')
    })
  }

  test('a port that another gateway shares among its threads is in use as well', async (t) => {
    const gateway = await startChildGateway(t, {}, 2)
    const port = Number(new URL(gateway.url).port)
    const file = await writeConfig(t, withTestDefaults({ server: { port } }, 2))
    const command = runCommand(t, 'start', '--config', file)
    assert.equal((await command.ended).code, 1)
    assert.equal(command.stderr(), `xecureapi: cannot listen on 127.0.0.1:${port}: the port is in use\n`)
  })
})
