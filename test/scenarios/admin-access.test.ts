import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { xecureapi } from '../commands/xecureapi.ts'
import { exchange, type ExchangeOptions } from '../helpers/exchange.ts'
import { type RawConfig, startGateway, type TestGatewayOptions } from '../helpers/gateway.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const RIGHT = 'a-token-that-nobody-guesses'
const OTHER = 'another-token-of-the-night-watch'

function bearer(token: string): ExchangeOptions {
  return { headers: { authorization: `Bearer ${token}` } }
}

async function start(t: TestContext, tokens: readonly unknown[], options?: TestGatewayOptions) {
  const config: RawConfig = {
    // Nobody reads it unless the test does.
    log: { level: options?.log ? 'warn' : 'silent' },
    admin: { tokens },
    upstreams: { a: { backends: ['http://127.0.0.1:1'] } },
    routes: [{ path: '/', upstream: 'a' }]
  }
  const gateway = await startGateway(t, config, options)
  const status = async (path: string, ask?: ExchangeOptions): Promise<number> =>
    (await exchange(gateway.adminUrl + path, ask)).status
  return { ...gateway, config, status }
}

suite('an admin API with tokens', () => {
  test('asks everybody for one, except who asks whether it lives, or for files without data', async (t) => {
    const { adminUrl, status } = await start(t, [RIGHT])
    for (const path of [
      '/api/upstreams',
      '/api/routes',
      '/api/events',
      '/api/explain?url=/',
      '/api/live',
      '/api/session',
      '/nothing'
    ]) {
      const { status: refused, headers } = await exchange(adminUrl + path)
      assert.deepEqual([path, refused, headers['www-authenticate']], [path, 401, 'Bearer realm="xecureapi"'])
    }
    assert.equal(await status('/api/config/reload', { method: 'POST' }), 401)
    assert.deepEqual([await status('/healthz'), await status('/readyz'), await status('/')], [200, 200, 200])
    assert.deepEqual(
      [await status('/api/routes', bearer(RIGHT)), await status('/nothing', bearer(RIGHT))],
      [200, 404]
    )
  })

  test('takes the token in any spelling of its scheme, from any host and page', async (t) => {
    const { status } = await start(t, [{ name: 'ann', token: RIGHT }])
    const foreign = { host: 'gateway.example', origin: 'https://console.example' }
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      const headers = { ...foreign, authorization: `${scheme} ${RIGHT}` }
      assert.equal(await status('/api/routes', { headers }), 200, scheme)
    }
  })

  test('refuses what is no token of its, and says nothing of those that are', async (t) => {
    const { adminUrl } = await start(t, [RIGHT])
    for (const authorization of [
      'Bearer',
      `Basic ${RIGHT}`,
      `Bearer ${RIGHT}x`,
      RIGHT,
      `Bearer ${RIGHT} x`
    ]) {
      const { status, headers, body } = await exchange(`${adminUrl}/api/routes`, {
        headers: { authorization }
      })
      assert.deepEqual(
        [status, headers['www-authenticate']],
        [401, 'Bearer realm="xecureapi", error="invalid_token"']
      )
      assert.ok(!body.includes(RIGHT))
    }
  })

  test('takes other tokens after a reload, and no longer those that are gone', async (t) => {
    const { gateway, write, config, status } = await start(t, [RIGHT])
    await write({ ...config, admin: { tokens: [OTHER] } })
    await gateway.reload('signal')
    assert.deepEqual(
      [await status('/api/routes', bearer(RIGHT)), await status('/api/routes', bearer(OTHER))],
      [401, 200]
    )
  })

  test('lets nobody try 10,000 times, and goes on for everybody else', async (t) => {
    const { log, lines, text } = collectLog('info')
    const { adminUrl, status } = await start(t, [RIGHT], { log })
    const count = 10_000
    const guesser = await rawClient(t, adminUrl)
    const guess = (index: number) =>
      `GET /api/routes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer guess-${index}\r\n\r\n`
    for (let index = 0; index < count; index++) guesser.write(guess(index))
    const answers = (): number => guesser.text().split('HTTP/1.1 ').length - 1
    await until('all were answered', () => answers() === count, 20_000)
    const [wrong, late] = [401, 429].map((each) => guesser.text().split(`HTTP/1.1 ${each}`).length - 1)
    // One more may become free meanwhile.
    assert.ok(wrong! >= 10 && wrong! <= 13, `${wrong} were looked at`)
    assert.equal(wrong! + late!, count)
    // Even the right one has to wait there: an answer would tell.
    assert.equal(await status('/api/routes', bearer(RIGHT)), 429)
    assert.equal(await statusFrom('127.0.0.2', adminUrl), 200)
    assert.equal(lines('a wrong token for the admin API').length, wrong)
    assert.equal(lines('too many wrong tokens: this address has to wait').length, 1)
    assert.ok(!text().includes('guess-') && !text().includes(RIGHT))
  })

  test('is asked by the command with the token that it is given', async (t) => {
    const { adminUrl, file } = await start(t, [RIGHT])
    const words = ['explain', 'GET', '/', '--config', file, '--admin', adminUrl]
    const asked = await xecureapi([...words, '--token', RIGHT])
    assert.match(asked.stdout, /^from the running gateway/)
    const refused = await xecureapi([...words, '--token', 'wrong'])
    assert.deepEqual([refused.code, refused.stderr.includes('The token is not valid.')], [1, true])
  })
})

/** The right token, sent from another address of this machine. */
async function statusFrom(localAddress: string, adminUrl: string): Promise<number> {
  const { hostname, port } = new URL(adminUrl)
  const socket = connect({ host: hostname, port: Number(port), localAddress })
  await once(socket, 'connect')
  socket.end(
    `GET /api/routes HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${RIGHT}\r\n\r\n`
  )
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return Number(text.slice(9, 12))
}

suite('an admin API without tokens', () => {
  test('is for programs on this machine, and for no page of somebody else’s', async (t) => {
    const { adminUrl, status } = await start(t, [])
    const origin = { origin: 'http://evil.test' }
    assert.equal(await status('/api/routes'), 200)
    assert.equal(await status('/api/routes', { headers: { host: 'evil.test' } }), 403)
    assert.equal(await status('/api/config/reload', { method: 'POST', headers: origin }), 403)
    assert.equal(
      await status('/api/config/reload', { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } }),
      403
    )
    assert.equal(await status('/api/config/reload', { method: 'POST', headers: { origin: adminUrl } }), 200)
    assert.equal(await status('/healthz', { headers: { host: 'probe.test' } }), 200)
  })

  test('reads no more than a little, whoever asks', async (t) => {
    const { adminUrl, status } = await start(t, [])
    const body = JSON.stringify({ state: 'x'.repeat(70_000) })
    const headers = { 'content-type': 'application/json' }
    assert.equal(
      await status('/api/upstreams/a/backends/127.0.0.1:1', { method: 'PATCH', headers, body }),
      413
    )
    assert.equal(await status('/api/routes', { headers: { 'x-large': 'x'.repeat(20_000) } }), 431)
    const upgrade = await rawClient(t, adminUrl)
    upgrade.write(
      'GET /api/routes HTTP/1.1\r\nHost: evil.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'
    )
    await upgrade.untilText('\r\n\r\n')
    assert.match(upgrade.text(), /^HTTP\/1\.1 403 /)
  })
})
