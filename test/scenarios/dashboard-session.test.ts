import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { readEvents } from '../helpers/event-stream.ts'
import { exchange, type ExchangeOptions } from '../helpers/exchange.ts'
import { type RawConfig, startGateway } from '../helpers/gateway.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { until } from '../helpers/until.ts'

const ANN = 'a-token-that-nobody-guesses'
const BOB = 'another-token-of-the-night-watch'

async function start(t: TestContext, tokens: readonly unknown[]) {
  const config: RawConfig = {
    log: { level: 'info', access: false },
    admin: { tokens },
    upstreams: { a: { backends: ['http://127.0.0.1:1'] } },
    routes: [{ path: '/', upstream: 'a' }]
  }
  const { log, lines, text } = collectLog('info')
  const front = await startGateway(t, config, { log })
  const ask = (path: string, options?: ExchangeOptions) => exchange(front.adminUrl + path, options)
  const post = (token: unknown, headers: Record<string, string> = {}) =>
    ask('/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ token })
    })
  /** Logs in. @returns The Cookie field of what is asked for from then on. */
  const logIn = async (token: string): Promise<string> => {
    const { status, headers } = await post(token)
    assert.equal(status, 201)
    return String(headers['set-cookie']).split(';')[0]!
  }
  return { ...front, config, ask, post, logIn, lines, text }
}

suite('a session of the dashboard', () => {
  test('is had for a token, as a cookie that no script and no other site can use, and for some hours', async (t) => {
    const { post, ask, adminUrl, lines, text } = await start(t, [{ name: 'ann', token: ANN }])
    const { status, headers, body } = await post(ANN)
    assert.equal(status, 201)
    const { port } = new URL(adminUrl)
    const [cookie = '', ...attributes] = String(headers['set-cookie']).split('; ')
    assert.match(cookie, new RegExp(`^xecureapi-session-${port}=[\\w-]{43}$`))
    assert.deepEqual(attributes, ['Path=/', 'Max-Age=28800', 'HttpOnly', 'SameSite=Strict'])
    assert.equal(headers['cache-control'], 'no-store')
    const { operator, expires } = JSON.parse(body) as { operator: string; expires: string }
    assert.equal(operator, 'ann')
    assert.ok(Math.abs(Date.parse(expires) - Date.now() - 8 * 3_600_000) < 60_000)
    assert.deepEqual(JSON.parse((await ask('/api/session', { headers: { cookie } })).body), {
      operator,
      expires
    })
    assert.equal((await ask('/api/upstreams', { headers: { cookie } })).status, 200)
    const secure = await post(ANN, { host: 'admin.example', origin: 'https://admin.example' })
    assert.match(String(secure.headers['set-cookie']), /^xecureapi-session=.*; Secure$/)
    assert.deepEqual(
      lines('session opened').map((line) => [line['audit'], line['operator'], line['address']]),
      Array.from({ length: 2 }, () => [true, 'ann', '127.0.0.1'])
    )
    assert.ok(!text().includes(ANN) && !text().includes(cookie.split('=')[1]!))
  })

  test('is had for no wrong token, and those count as they do elsewhere', async (t) => {
    const { post, ask } = await start(t, [ANN])
    for (const token of ['', ['a', 'b'], {}, 'x'.repeat(4097)]) assert.equal((await post(token)).status, 400)
    const wrong = await post('wrong')
    assert.deepEqual([wrong.status, wrong.headers['set-cookie']], [401, undefined])
    for (let tries = 1; tries < 10; tries++) {
      const { status } =
        tries % 2 === 0
          ? await post('wrong')
          : await ask('/api/routes', { headers: { authorization: 'Bearer wrong' } })
      assert.equal(status, 401)
    }
    assert.deepEqual([(await post(ANN)).status, (await post('wrong')).status], [429, 429])
  })

  test('is nothing that another site’s page can open or use', async (t) => {
    const { ask, post, logIn, adminUrl } = await start(t, [ANN])
    const cookie = await logIn(ANN)
    const status = async (method: string, headers: Record<string, string>) =>
      (await ask('/api/config/reload', { method, headers: { cookie, ...headers } })).status
    assert.equal(await status('POST', { origin: adminUrl }), 200)
    assert.equal(await status('POST', { origin: adminUrl, 'sec-fetch-site': 'same-origin' }), 200)
    assert.equal(await status('POST', {}), 403, 'a write must say where it comes from')
    for (const origin of ['http://evil.test', 'null', 'http://127.0.0.1:1']) {
      assert.equal(await status('POST', { origin }), 403, origin)
      assert.equal((await post(ANN, { origin })).status, 403, origin)
    }
    const foreign = { origin: adminUrl, 'sec-fetch-site': 'same-site' }
    assert.deepEqual([await status('POST', foreign), (await post(ANN, foreign)).status], [403, 403])
    const read = await ask('/api/upstreams', { headers: { cookie, 'sec-fetch-site': 'cross-site' } })
    assert.equal(read.status, 403)
  })

  test('ends when somebody logs out, and so does what it opened', async (t) => {
    const { ask, logIn, adminUrl, lines } = await start(t, [{ name: 'ann', token: ANN }])
    const [gone, kept] = [await logIn(ANN), await logIn(ANN)]
    const [ended, going] = [
      await readEvents(t, adminUrl, { cookie: gone }),
      await readEvents(t, adminUrl, { cookie: kept })
    ]
    assert.equal((await ask('/api/session', { method: 'DELETE', headers: { cookie: gone } })).status, 403)
    const out = await ask('/api/session', { method: 'DELETE', headers: { cookie: gone, origin: adminUrl } })
    assert.equal(out.status, 204)
    assert.match(String(out.headers['set-cookie']), /^xecureapi-session-\d+=; .*Max-Age=0/)
    assert.equal(await ended.ended, false, 'it is broken off')
    const after = await ask('/api/upstreams', { headers: { cookie: gone } })
    assert.deepEqual([after.status, after.body.includes('The session is over')], [401, true])
    assert.equal(going.response.destroyed, false)
    assert.equal((await ask('/api/upstreams', { headers: { cookie: kept } })).status, 200)
    assert.equal(lines('session closed').length, 1)
  })

  test('ends with the token that it was opened with, and does not come back with it', async (t) => {
    const { ask, logIn, adminUrl, write, config, gateway } = await start(t, [ANN, BOB])
    const [ann, bob] = [await logIn(ANN), await logIn(BOB)]
    const [ended, going] = [
      await readEvents(t, adminUrl, { cookie: ann }),
      await readEvents(t, adminUrl, { cookie: bob })
    ]
    const statusOf = async (cookie: string) => (await ask('/api/session', { headers: { cookie } })).status
    const use = async (...tokens: string[]): Promise<void> => {
      await write({ ...config, admin: { tokens } })
      await until('it is applied', async () => (await gateway.reload('admin')).outcome === 'unchanged')
    }
    await use(BOB)
    assert.equal(await ended.ended, false)
    assert.deepEqual([await statusOf(ann), await statusOf(bob), going.response.destroyed], [401, 200, false])
    await use(ANN, BOB)
    assert.deepEqual([await statusOf(ann), await statusOf(bob)], [401, 200])
  })

  test('is asked of nobody where there are no tokens', async (t) => {
    const { ask, post } = await start(t, [])
    const { status, body } = await ask('/api/session')
    assert.deepEqual([status, JSON.parse(body)], [200, { operator: null, expires: null }])
    assert.equal((await post('any')).status, 409)
    assert.equal((await post('any', { origin: 'http://evil.test' })).status, 403)
  })

  test('goes to no backend, though browsers send it to all ports of a host', async (t) => {
    const seen: (string | undefined)[] = []
    const backend = await startBackend(t, 'a', (request, response) => {
      seen.push(request.headers.cookie)
      response.end('ok')
    })
    const { url } = await startGateway(t, {
      upstreams: { a: { backends: [backend.url] } },
      routes: [{ path: '/', upstream: 'a' }]
    })
    for (const cookie of [
      'basket=7; xecureapi-session-9090=secret; theme=dark',
      'xecureapi-session=secret',
      'xecureapi-sessions=mine; xecureapi-session-9090x=mine'
    ]) {
      await exchange(`${url}/`, { headers: { cookie } })
    }
    assert.deepEqual(seen, [
      'basket=7; theme=dark',
      undefined,
      'xecureapi-sessions=mine; xecureapi-session-9090x=mine'
    ])
  })
})

suite('the files of the dashboard', () => {
  test('are open, hold no data, and may load and be part of nothing else', async (t) => {
    const { ask } = await start(t, [ANN])
    const index = await ask('/')
    assert.equal(index.status, 200)
    const { headers } = index
    assert.match(String(headers['content-type']), /^text\/html/)
    assert.deepEqual(
      [
        headers['cache-control'],
        headers['x-content-type-options'],
        headers['referrer-policy'],
        headers['etag']
      ],
      ['no-cache', 'nosniff', 'no-referrer', undefined]
    )
    const policy = String(headers['content-security-policy'])
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy.includes(part), policy)
    }
    assert.ok(!policy.includes('unsafe'))
    assert.ok(!/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/i.test(index.body), index.body)
    const assets = index.body.match(/\/assets\/[\w.-]+/g) ?? []
    assert.equal(assets.length, 3, 'icon, script and style')
    for (const path of assets) {
      const { status, headers: of } = await ask(path)
      assert.deepEqual(
        [status, of['cache-control'], of['x-content-type-options']],
        [200, 'public, max-age=31536000, immutable', 'nosniff']
      )
    }
  })

  test('are all that is open: nothing beside them can be had', async (t) => {
    const { ask } = await start(t, [ANN])
    for (const path of [
      '/assets/none.js',
      '/assets/',
      '/assets/../index.html',
      '/assets/%2e%2e%2f%2e%2e%2fpackage.json'
    ]) {
      const { status, headers, body } = await ask(path)
      assert.ok([401, 404].includes(status), `${path}: ${status}`)
      assert.match(String(headers['content-type']), /^application\/problem\+json/, `${path}: ${body}`)
    }
    assert.equal((await ask('/', { method: 'POST' })).status, 401)
    assert.equal((await ask('/api/live')).status, 401)
  })
})
