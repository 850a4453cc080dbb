import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { runCommand, runOnTerminal, startChildGateway } from '../helpers/child-gateway.ts'
import { seenRequest, startEchoBackend } from '../helpers/echo-backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { type RawConfig, startGateway, withTestDefaults, writeConfig } from '../helpers/gateway.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { runTool } from '../helpers/run-tool.ts'
import { until } from '../helpers/until.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
/** One whole line of the access log as people see it. */
const PRETTY = /INFO.*request.*"status":200.*\}/

const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-00`

function configOf(backend: { url: string }, log: RawConfig): RawConfig {
  return {
    log,
    upstreams: { catalog: { backends: [backend.url] } },
    routes: [{ name: 'products', path: '/api', upstream: 'catalog' }]
  }
}

interface LevelAnswer {
  readonly status: number
  readonly body: { readonly level?: string; readonly configured?: string; readonly detail?: string }
}

async function askLevel(adminUrl: string, body?: object): Promise<LevelAnswer> {
  const init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`${adminUrl}/api/log`, body && init)
  return { status: response.status, body: (await response.json()) as LevelAnswer['body'] }
}

describe('the log', { concurrency: 2 }, () => {
  test('has the request id and the trace id in every line about a request', async (t) => {
    const backend = await startEchoBackend(t, 'a')
    const { log, lines } = collectLog()
    const { url, adminUrl } = await startGateway(t, configOf(backend, { level: 'info' }), { log })
    const { body } = await exchange(`${url}/api`, { headers: { traceparent: TRACEPARENT } })
    assert.equal(seenRequest(body).headers['traceparent']?.[0]?.slice(3, 35), TRACE_ID)
    await exchange(`${url}/nowhere`)
    const broken = await rawClient(t, url)
    broken.write('rubbish\r\n\r\n')
    await broken.closed
    await fetch(`${adminUrl}/api/config/reload`, { method: 'POST', headers: { traceparent: TRACEPARENT } })
    await until('all have lines', () => lines('request').length === 3)
    const [forwarded, ...others] = lines('request')
    assert.equal(forwarded!['traceId'], TRACE_ID)
    for (const line of [...others, forwarded!]) {
      assert.match(String(line['requestId']), /^[\w.-]+$/)
      assert.match(String(line['traceId']), /^[\da-f]{32}$/)
    }
    assert.equal(new Set(lines('request').map(({ traceId }) => traceId)).size, 3)
    const [audit] = lines('changed by the admin API')
    assert.equal(audit!['traceId'], TRACE_ID)
    assert.equal(typeof audit!['requestId'], 'string')
  })

  test('has a share of what went well, and all else', async (t) => {
    const backend = await startBackend(t, 'a')
    const { log, lines } = collectLog()
    const { url } = await startGateway(
      t,
      configOf(backend, { level: 'info', access: { sample: 0, slow: '150ms' } }),
      { log }
    )
    for (let turn = 0; turn < 10; turn++) {
      assert.equal((await exchange(`${url}/api/quick`)).status, 200)
    }
    await exchange(`${url}/api/slow?delay=200`)
    await exchange(`${url}/nowhere`)
    const linesOf = (path: string) => lines('request').filter((line) => line['path'] === path)
    await until('both have lines', () => linesOf('/api/slow').length + linesOf('/nowhere').length === 2)
    for (const line of lines('request')) assert.equal(line['sample'], undefined)
    // On a busy machine one may have been slow after all.
    for (const { totalTime } of linesOf('/api/quick')) assert.ok(Number(totalTime) >= 150)
  })

  test('says which share a line stands for', async (t) => {
    const backend = await startBackend(t, 'a')
    const { log, lines } = collectLog()
    const { url } = await startGateway(t, configOf(backend, { level: 'info', access: { sample: 0.5 } }), {
      log
    })
    await until('one has a line', async () => {
      await exchange(`${url}/api`)
      return lines('request').length > 0
    })
    assert.equal(lines('request')[0]!['sample'], 0.5)
  })

  test('has the level of the command line, and what the admin API says at run time, in all threads', async (t) => {
    const backend = await startBackend(t, 'a')
    const config = configOf(backend, { level: 'info' })
    const gateway = await startChildGateway(t, config, 2, '--log-level', 'warn')
    const { url, adminUrl, lines } = gateway
    const ask = async (): Promise<void> => {
      // By connections of their own, so that both threads have some.
      await Promise.all(Array.from({ length: 20 }, () => exchange(`${url}/api`)))
    }
    await ask()
    assert.deepEqual((await askLevel(adminUrl)).body, { level: 'warn', configured: 'warn' })
    const changed = await askLevel(adminUrl, { level: 'info' })
    assert.deepEqual(changed, { status: 200, body: { level: 'info', configured: 'warn' } })
    await ask()
    await until('all have lines', () => lines('request').length === 20)
    await gateway.write({ ...config, log: { level: 'error' } })
    gateway.kill('SIGHUP')
    await until('it is read', () => lines('reload').some(({ outcome }) => outcome === 'applied'))
    await ask()
    await until('all have lines', () => lines('request').length === 40)
    await askLevel(adminUrl, { level: 'error' })
    await ask()
    await until('both are told', () => lines('changed by the admin API').length === 2)
    assert.equal(lines('request').length, 40)
    const [first, second] = lines('changed by the admin API')
    assert.deepEqual(
      [first, second].map((line) => [line!['audit'], line!['action'], line!['before'], line!['after']]),
      [
        [true, 'log_level', { level: 'warn' }, { level: 'info' }],
        [true, 'log_level', { level: 'info' }, { level: 'error' }]
      ]
    )
    for (const wrong of [{ level: 'loud' }, {}, { level: 'info', more: 1 }, { level: null }])
      assert.equal((await askLevel(adminUrl, wrong)).status, 400, JSON.stringify(wrong))
    const document = (await (await fetch(`${adminUrl}/openapi.json`)).json()) as {
      paths: Record<string, object>
    }
    assert.deepEqual(Object.keys(document.paths['/api/log'] ?? {}).sort(), ['get', 'put'])
  })

  test(
    'is for people, in colours, on a terminal, a line each from all threads',
    { skip: spawnSync('script', ['--version']).status !== 0 },
    async (t) => {
      const backend = await startBackend(t, 'a')
      const file = await writeConfig(t, withTestDefaults(configOf(backend, { level: 'info' }), 2))
      const terminal = runOnTerminal(t, 'start', '--config', file)
      const serves = /xecureapi serves (\S+),/
      await until('it serves', () => serves.test(terminal.stdout()))
      const [, url = ''] = serves.exec(terminal.stdout())!
      await Promise.all(Array.from({ length: 20 }, () => exchange(`${url}/api`)))
      await until('all have lines', () => {
        const lines = terminal
          .stdout()
          .split(/\r?\n/)
          .filter((line) => line.includes('"path":"/api"'))
        return lines.filter((line) => PRETTY.test(line)).length === 20
      })
    }
  )

  test('is for people, without colours, wherever that is asked for', async () => {
    const logger = new URL('../../src/telemetry/logger.ts', import.meta.url)
    const script = `import { createLogger } from '${logger.href}'
      const log = await createLogger({ level: 'info', format: 'pretty' })
      log.info({ path: '/api\\n\\u001b[31m' }, 'request')
      log.debug('more')
      log.flush()`
    const { stdout } = await runTool(process.execPath, '--input-type=module', '-e', script)
    assert.match(stdout, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: request \{.*"path":"\/api\\n\\u001b\[31m"\}\n$/)
  })

  test('takes no level that there is not', async (t) => {
    const command = runCommand(t, 'start', '--log-level', 'loud')
    assert.equal((await command.ended).code, 1)
    assert.match(command.stderr(), /^xecureapi: --log-level is one of trace, debug, .*, silent, not "loud"\n/)
  })
})
