import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type BackendsOptions, steerBackends } from '../../src/commands/backends.ts'
import { CommandError, NoGatewayError, UsageError } from '../../src/commands/main.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import {
  type Call,
  type Reply,
  type ScriptedGateway,
  startScriptedGateway
} from '../helpers/scripted-gateway.ts'
import { folderWith, SHOP, xecureapi } from './xecureapi.ts'

const TLS = {
  id: '[::1]:3003+tls',
  url: 'https://[::1]:3003',
  weight: 3,
  tier: 1,
  maxInFlight: 20,
  state: 'active',
  health: 'healthy',
  reason: 'probe_passed',
  inFlight: 7,
  share: 0.754,
  source: 'registration',
  version: 4
}
const PLAIN = {
  ...TLS,
  id: '127.0.0.1:3001',
  maxInFlight: 0,
  health: 'unhealthy',
  reason: 'refused',
  source: 'file'
}
const CATALOG = { name: 'catalog', backends: [PLAIN, TLS] }
const ORDERS = { name: 'orders', backends: [] }
const ONE = '/api/upstreams/catalog/backends/%5B%3A%3A1%5D%3A3003%2Btls'

const OPTIONS: BackendsOptions = {
  config: 'nowhere.yaml',
  admin: undefined,
  token: undefined,
  weight: undefined,
  tier: undefined,
  maxInFlight: undefined,
  ttl: undefined,
  initially: undefined,
  now: false,
  json: false
}

/** What is printed for these words, and what was asked, of a gateway that answers so. */
async function steer(
  t: TestContext,
  reply: Reply,
  words: readonly string[],
  options: Partial<BackendsOptions> = {}
): Promise<{ readonly text: string; readonly call: Call; readonly gateway: ScriptedGateway }> {
  const gateway = await startScriptedGateway(t, () => reply)
  const [action = '', ...others] = words
  const text = await steerBackends({ ...OPTIONS, admin: gateway.url, ...options }, action, others)
  assert.equal(gateway.calls.length, 1)
  return { text, call: gateway.calls[0]!, gateway }
}

const ok = (body: unknown, status = 200): Reply => ({ status, body })

describe('backends', { concurrency: true }, () => {
  test('list shows a table of all groups', async (t) => {
    const { text, gateway } = await steer(t, ok([CATALOG, ORDERS]), ['list'])
    assert.deepEqual(gateway.lines(), ['GET /api/upstreams'])
    assert.deepEqual(
      text.split('\n').map((line) => line.split(/ {2,}/)),
      [
        ['GROUP', 'ID', 'STATE', 'HEALTH', 'REASON', 'TIER', 'WEIGHT', 'CAP', 'IN FLIGHT', 'SHARE', 'SOURCE'],
        ['catalog', '127.0.0.1:3001', 'active', 'unhealthy', 'refused', '1', '3', 'none', '7', '75%', 'file'],
        ['catalog', TLS.id, 'active', 'healthy', 'probe_passed', '1', '3', '20', '7', '75%', 'registration'],
        ['']
      ]
    )
  })

  test('list GROUP shows that one, --json what the API says', async (t) => {
    const { text, gateway } = await steer(t, ok(CATALOG), ['list', 'cat/alog'], { json: true })
    assert.deepEqual(gateway.lines(), ['GET /api/upstreams/cat%2Falog'])
    assert.deepEqual(JSON.parse(text), CATALOG)
  })

  test('add registers with what is given, and says whether it is new', async (t) => {
    const given = { weight: '3', tier: '1', maxInFlight: '20', ttl: '15s', initially: 'healthy' }
    const added = await steer(t, ok(TLS, 201), ['add', 'catalog', TLS.url], { ...given, token: 'secret' })
    assert.deepEqual(added.gateway.lines(), ['POST /api/upstreams/catalog/backends'])
    const { url } = TLS
    const body = { url, weight: 3, tier: 1, maxInFlight: 20, ttl: '15s', initially: 'healthy' }
    assert.deepEqual(added.call.body, body)
    assert.equal(added.call.token, 'Bearer secret')
    assert.equal(added.text, 'registered [::1]:3003+tls in catalog: active, healthy\n')
    const again = await steer(t, ok(TLS), ['add', 'catalog', TLS.url])
    assert.deepEqual(again.call.body, { url })
    assert.equal(again.text, '[::1]:3003+tls is in catalog already: active, healthy\n')
  })

  for (const [action, state] of [
    ['drain', 'draining'],
    ['enable', 'active']
  ] as const) {
    test(`${action} makes one ${state}, by its id or its URL`, async (t) => {
      for (const word of [TLS.id, `${TLS.url}/`]) {
        const { text, call, gateway } = await steer(t, ok({ ...TLS, state }), [action, 'catalog', word])
        assert.deepEqual(gateway.lines(), [`PATCH ${ONE}`])
        assert.deepEqual(call.body, { state })
        assert.equal(text, `[::1]:3003+tls of catalog is ${state}: healthy, 7 in flight\n`)
      }
    })
  }

  test('remove drains it first, with --now it does not', async (t) => {
    const leaving = await steer(t, ok({ ...TLS, state: 'draining' }, 202), ['remove', 'catalog', TLS.id])
    assert.deepEqual(leaving.gateway.lines(), [`DELETE ${ONE}`])
    assert.equal(leaving.text, '[::1]:3003+tls leaves catalog: 7 in flight\n')
    const gone = await steer(t, ok({ id: TLS.id }, 202), ['remove', 'catalog', TLS.url], { now: true })
    assert.deepEqual(gone.gateway.lines(), [`DELETE ${ONE}?now=true`])
    assert.equal(gone.text, '[::1]:3003+tls is out of catalog\n')
    const quiet = await steer(t, ok('', 202), ['remove', 'catalog', TLS.id], { json: true })
    assert.equal(quiet.text, '')
  })

  test('a refusal is told in the words of the gateway', async (t) => {
    for (const status of [400, 401, 404, 409, 412, 503]) {
      await assert.rejects(steer(t, status, ['drain', 'catalog', TLS.id]), (error) => {
        assert.ok(error instanceof CommandError && !(error instanceof NoGatewayError))
        assert.match(error.message, new RegExp(`^the gateway at http://\\S+ refuses: said ${status}$`))
        return true
      })
    }
  })

  test('nobody there, a broken connection and another kind of server are no gateway', async (t) => {
    const dead = await closedPort()
    await assert.rejects(steerBackends({ ...OPTIONS, admin: dead }, 'list', []), NoGatewayError)
    for (const reply of ['cut', ok('<html>'), { status: 302, headers: { location: '/' } }] as const) {
      await assert.rejects(steer(t, reply, ['list']), NoGatewayError)
    }
  })

  for (const [what, words, options] of [
    ['add without a URL', ['add', 'catalog'], {}],
    ['add with something that is no URL', ['add', 'catalog', '127.0.0.1:3001'], {}],
    ['add with a weight that is no number', ['add', 'catalog', TLS.url], { weight: '1e3' }],
    ['drain without an id', ['drain', 'catalog'], {}],
    ['remove with half a URL', ['remove', 'catalog', 'ftp://a'], {}],
    ['another subcommand', ['constructor'], {}],
    ['an admin address that is no URL', ['list'], { admin: 'localhost:9090' }],
    ['an admin address with a password', ['list'], { admin: 'http://me:secret@localhost' }],
    ['a token that no header can hold', ['list'], { token: 'secret\n' }]
  ] as const) {
    test(`wrong words ask nothing and quote no secret: ${what}`, async () => {
      const options0 = { ...OPTIONS, admin: 'http://127.0.0.1:1', ...options }
      await assert.rejects(steerBackends(options0, words[0], words.slice(1)), (error) => {
        assert.ok(error instanceof UsageError, String(error))
        assert.doesNotMatch(error.message, /secret/)
        return true
      })
    })
  }
})

test('the gateway is the one of the configuration unless --admin names another', async (t) => {
  const gateway = await startScriptedGateway(t, () => ok([CATALOG]))
  const cwd = await folderWith(t, SHOP.replace('port: 0', `port: ${new URL(gateway.url).port}`))
  const text = await steerBackends({ ...OPTIONS, config: join(cwd, 'gateway.yaml') }, 'list', [])
  assert.match(text, /^GROUP .*\ncatalog +127\.0\.0\.1:3001 /)
})

test('xecureapi exits 0 when it is done, 1 when it is refused, 2 when no gateway answers', async (t) => {
  const gateway = await startScriptedGateway(t, ({ method }) => (method === 'GET' ? ok([CATALOG]) : 404))
  const dead = await closedPort()
  const list = ['backends', 'list', '--admin']
  const [done, refused, unanswered] = await Promise.all([
    xecureapi([...list, gateway.url]),
    xecureapi(['backends', 'drain', 'catalog', 'x:1', '--admin', gateway.url, '--token', 'secret']),
    xecureapi([...list, dead])
  ])
  assert.deepEqual([done.code, done.stderr, done.stdout.slice(0, 5)], [0, '', 'GROUP'])
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.equal(refused.stderr, `xecureapi: the gateway at ${gateway.url} refuses: said 404\n`)
  assert.deepEqual([unanswered.code, unanswered.stdout], [2, ''])
  assert.match(
    unanswered.stderr,
    /^xecureapi: no gateway answers at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/
  )
})
