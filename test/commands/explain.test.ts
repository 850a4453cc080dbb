import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { startGateway, startGatewayFrom, writeConfig } from '../helpers/gateway.ts'
import { requestHead, requestMessage } from '../../src/explain/request.ts'
import { sessionsOf } from '../../src/forwarding/sessions.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, group } from '../upstreams/groups.ts'
import { folderWith, type Said, SHOP, xecureapi } from './xecureapi.ts'

async function offline(t: TestContext, ...words: string[]): Promise<Said> {
  const cwd = await folderWith(t, SHOP)
  return await xecureapi(['explain', ...words], { cwd })
}

describe('xecureapi explain without a gateway', { concurrency: 2 }, () => {
  test('says from the file which route, group, balancer and backends it would be', async (t) => {
    const { code, stdout, stderr } = await offline(t, 'get', '/api/products/42?q=1')
    assert.deepEqual([code, stderr], [0, ''])
    const [source, outcome, how, ...table] = stdout.split('\n')
    assert.equal(source, 'from gateway.yaml, no gateway answers')
    assert.equal(outcome, 'GET /api/products/42?q=1: forward')
    assert.equal(
      how,
      'route products (/api/products, gateway.yaml:12) → group catalog, least-connections, as /products/42?q=1'
    )
    assert.deepEqual(
      table.map((line) => line.split(/ {2,}/)),
      [
        ['BACKEND', 'VERDICT', 'REASON', 'STATE', 'TIER', 'SHARE', 'WEIGHT', 'IN FLIGHT'],
        ['127.0.0.1:3001', 'accepted', 'initial', 'active', '0', '25%', '1', '0'],
        ['127.0.0.1:3002', 'accepted', 'initial', 'active', '0', '75%', '3', '0'],
        ['']
      ]
    )
  })

  test('exits 1 when nobody would serve it, and says why', async (t) => {
    const noRoute = await offline(t, 'GET', '/nothing')
    assert.deepEqual([noRoute.code, noRoute.stdout.split('\n')[1]], [1, 'GET /nothing: no_route (404)'])
    const method = await offline(t, 'POST', '/api/products')
    assert.equal(method.code, 1)
    assert.equal(
      method.stdout.split('\n')[1],
      'POST /api/products: method_not_allowed (405, allowed: GET, HEAD)'
    )
    const ill = await offline(t, 'GET', '/api/orders/1')
    assert.deepEqual([ill.code, ill.stdout.split('\n')[1]], [1, 'GET /api/orders/1: no_usable_backend'])
    assert.match(ill.stdout, /127\.0\.0\.1:3011 +rejected +ill \(initial\)/)
  })

  test('takes the host from --header', async (t) => {
    const { code, stdout } = await offline(
      t,
      'GET',
      '/x',
      '--header',
      'Host: www.shop.test',
      '--header',
      'a:b'
    )
    assert.equal(code, 0)
    assert.match(stdout, /^route root /m)
  })

  test('says where a key goes: the same as a gateway that runs', async (t) => {
    const keyed = `
upstreams:
  catalog:
    balancing: { algorithm: hash, key: 'header:x-user-id' }
    backends: [http://127.0.0.1:3001, http://127.0.0.1:3002, http://127.0.0.1:3003]
routes: [{ path: /, upstream: catalog }]
`
    const cwd = await folderWith(t, `admin: { port: 0 }${keyed}`)
    const running = await startGatewayFrom(
      t,
      await writeConfig(
        t,
        `server: { host: 127.0.0.1, port: 0, workers: 0 }\nadmin: { port: 0 }\nlog: { level: silent }${keyed}`
      )
    )
    const keyLine = async (...words: string[]): Promise<string | undefined> => {
      const { stdout } = await xecureapi(['explain', 'GET', ...words], { cwd })
      return stdout.split('\n').find((line) => line.startsWith('key: '))
    }
    const ofUser = ['/', '--header', 'X-User-Id: 42']
    const [fromFile, live] = await Promise.all([
      keyLine(...ofUser),
      keyLine(...ofUser, '--client', '192.0.2.7', '--admin', running.adminUrl)
    ])
    assert.match(fromFile!, /^key: header:x-user-id → 127\.0\.0\.1:300[123]$/)
    assert.equal(live, fromFile)
  })

  test('knows whose a session is by the secret that a gateway has kept', async (t) => {
    const secret = 'a secret that was made once'
    const cwd = await folderWith(
      t,
      'admin: { port: 0 }\n' +
        'upstreams: { catalog: { backends: [http://127.0.0.1:3001, http://127.0.0.1:3002], affinity: {} } }\n' +
        'routes: [{ path: /, upstream: catalog }]\n'
    )
    await mkdir(join(cwd, '.xecureapi'))
    await writeFile(join(cwd, '.xecureapi/affinity-secret'), `${secret}\n`)
    const registry = new UpstreamRegistry()
    apply(registry, [group('catalog', ['127.0.0.1:3001', '127.0.0.1:3002'])], 1)
    const catalog = registry.groups.get('catalog')!
    const nothing = requestMessage(requestHead({ method: 'GET', url: '/', headers: {} }), undefined)
    const sessions = sessionsOf(catalog, { cookie: 'xgw', ttl: 60_000, secret })
    const [cookie] = sessions.cookieFor(nothing, catalog.backends[1]!).split(';')
    const { stdout } = await xecureapi(['explain', 'GET', '/', '--header', `cookie: ${cookie}`], { cwd })
    assert.match(stdout, /^session: cookie xgw → 127\.0\.0\.1:3002$/m)
  })

  for (const [what, words, message] of [
    ['without a URL', ['GET'], 'explain needs a METHOD and a URL'],
    ['with a header that has no colon', ['GET', '/', '--header', 'host'], 'name:value'],
    ['with a header that has no name', ['GET', '/', '--header', ':x'], 'name:value'],
    ['with something that is no URL', ['GET', 'api/products'], 'URL'],
    ['with something that is no method', ['G/T', '/'], 'METHOD'],
    ['with a client that is no address', ['GET', '/', '--client', 'me'], '--client'],
    ['with an admin address that is no URL', ['GET', '/', '--admin', 'localhost'], '--admin']
  ] as const) {
    test(`${what} is an error with the usage`, async (t) => {
      const { code, stdout, stderr } = await offline(t, ...words)
      assert.deepEqual([code, stdout], [1, ''])
      assert.ok(stderr.startsWith('xecureapi: ') && stderr.includes(message), stderr)
      assert.match(stderr, /^usage: /m)
    })
  }
})

describe('xecureapi explain with a gateway', { concurrency: 2 }, () => {
  test('asks the one that runs, where the configuration says or where --admin says', async (t) => {
    const backend = await startBackend(t, 'a')
    const { adminUrl } = await startGateway(t, {
      upstreams: { live: { backends: [backend.url] } },
      routes: [{ name: 'living', path: '/', upstream: 'live' }]
    })
    const given = await offline(t, 'GET', '/api/products', '--admin', adminUrl)
    assert.equal(given.code, 0)
    assert.match(given.stdout, /^from the running gateway\n.*\nroute living /)
    const { port } = new URL(adminUrl)
    const cwd = await folderWith(t, SHOP.replace('port: 0', `port: ${port}`))
    const configured = await xecureapi(['explain', 'GET', '/api/products'], { cwd })
    assert.match(configured.stdout, /^from the running gateway\n.*\nroute living /)
  })

  test('sends its token, and asks the file when something else answers', async (t) => {
    const seen: (string | undefined)[] = []
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end('<html>')
    }).listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const admin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    const { code, stdout } = await offline(t, 'GET', '/api/products', '--admin', admin, '--token', 'abc')
    assert.equal(code, 0)
    assert.match(stdout, /^from gateway\.yaml, no gateway answers\n/)
    assert.deepEqual(seen, ['Bearer abc'])
  })
})
