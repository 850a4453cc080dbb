import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { startGateway } from '../helpers/gateway.ts'
import { rawClient, upgradeRequest } from '../helpers/raw-client.ts'
import { startUpgradeBackend } from '../helpers/upgrade-backend.ts'
import { corsFields, preflightFields, SHOP } from '../access/cors.ts'

/** What a backend would let anybody read, if it were asked. */
const THEIRS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Credentials': 'true' }
const CORS = { origins: [SHOP, 'https://*.example.org'] }
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n' +
  'Access-Control-Allow-Origin: *\r\nVary: Accept\r\n\r\n'

test('pages of other origins use a gateway', async (t) => {
  const backend = await startBackend(t, 'a', (request, response) => {
    response.writeHead(200, { ...THEIRS, Vary: ['Accept-Encoding', 'origin'] }).end(request.method)
  })
  const upgrading = await startUpgradeBackend(t, (socket) => socket.write(SWITCH))
  const hash = `sha256:${'0'.repeat(64)}`
  const { url } = await startGateway(t, {
    auth: { apiKeys: { partners: [{ name: 'acme', hash }] } },
    upstreams: { lab: { backends: [backend.url] }, upgrades: { backends: [upgrading.url] } },
    routes: [
      { path: '/api', upstream: 'lab', methods: ['GET', 'OPTIONS'], cors: CORS },
      { path: '/buffered', upstream: 'lab', mode: 'buffered', cors: CORS, securityHeaders: {} },
      { path: '/asked', upstream: 'lab', methods: ['PUT'], cors: CORS, access: { apiKeys: 'partners' } },
      { path: '/limited', upstream: 'lab', methods: ['GET'], cors: CORS, rateLimit: { limit: 1, per: '1h' } },
      { path: '/upgrade', upstream: 'upgrades', cors: CORS, securityHeaders: {} },
      { path: '/theirs', upstream: 'lab' }
    ]
  })
  const preflight = async (path: string, method: string, origin = SHOP) =>
    await exchange(url + path, { method: 'OPTIONS', headers: preflightFields(origin, method) })
  const get = async (path: string, origin = SHOP, method = 'GET') => {
    const { status, headers, body } = await exchange(url + path, { method, headers: { origin } })
    return { status, fields: corsFields(headers), headers, body }
  }

  await t.test('a preflight never gets to a backend, whatever the route asks for or takes', async () => {
    for (const [path, method] of [
      ['/api', 'GET'],
      ['/buffered', 'DELETE'],
      ['/asked', 'PUT'],
      ...Array.from({ length: 3 }, () => ['/limited', 'GET'] as const)
    ] as const) {
      const { status, headers } = await preflight(path, method)
      assert.deepEqual([status, headers['access-control-allow-origin']], [204, SHOP], path)
      assert.deepEqual([headers['content-length'], headers['transfer-encoding']], [undefined, undefined])
    }
    const foreign = await preflight('/asked', 'PUT', 'https://evil.test')
    assert.equal(foreign.status, 204)
    assert.equal('access-control-allow-origin' in foreign.headers, false)
    assert.equal(backend.requests(), 0)
  })

  await t.test('a connection carries on after a preflight', async () => {
    const client = await rawClient(t, url)
    const head = `Host: a\r\nOrigin: ${SHOP}\r\n`
    client.write(`OPTIONS /asked HTTP/1.1\r\n${head}Access-Control-Request-Method: PUT\r\n\r\n`)
    await client.untilText('\r\n\r\n')
    client.write(`OPTIONS /api HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)
    await client.closed
    assert.match(client.text(), /^HTTP\/1\.1 204 [^]*\r\n\r\nHTTP\/1\.1 200 [^]*OPTIONS/)
  })

  await t.test('an OPTIONS that is no preflight gets to the backend', async () => {
    const { status, body, fields } = await get('/api', SHOP, 'OPTIONS')
    assert.deepEqual([status, body], [200, 'OPTIONS'])
    assert.deepEqual(fields, { 'access-control-allow-origin': SHOP, vary: 'Accept-Encoding, origin' })
  })

  for (const path of ['/api', '/buffered']) {
    await t.test(
      `what the backend says of CORS does not pass ${path}, but for what it varies by`,
      async () => {
        const { body, fields } = await get(path, 'https://a.example.org')
        assert.equal(body, 'GET')
        assert.deepEqual(fields, {
          'access-control-allow-origin': 'https://a.example.org',
          vary: 'Accept-Encoding, origin'
        })
        for (const origin of ['https://evil.test', 'null']) {
          assert.deepEqual((await get(path, origin)).fields, { vary: 'Accept-Encoding, origin' })
        }
      }
    )
  }

  await t.test('a page can read that it asked too often, or that it may not', async () => {
    assert.equal((await get('/limited')).status, 200)
    const limited = await get('/limited')
    assert.equal(limited.status, 429)
    assert.equal(limited.fields['access-control-allow-origin'], SHOP)
    const { status, fields } = await get('/asked', SHOP, 'PUT')
    assert.equal(status, 401)
    assert.equal(fields['access-control-allow-origin'], SHOP)
  })

  await t.test('a 101 has the fields of its route, and none of the backend', async () => {
    const client = await rawClient(t, url)
    client.write(upgradeRequest('/upgrade').replace('\r\n\r\n', '\r\nOrigin: https://evil.test\r\n\r\n'))
    await client.untilText('\r\n\r\n')
    const head = client.text().toLowerCase()
    assert.match(head, /^http\/1\.1 101 /)
    assert.ok(!head.includes('access-control-'), head)
    assert.ok(head.includes('\r\nvary: accept, origin\r\n'), head)
    assert.ok(head.includes('\r\nx-content-type-options: nosniff\r\n'), head)
  })

  await t.test('a route without cors leaves it all to the backend', async () => {
    const { fields } = await get('/theirs')
    assert.equal(fields['access-control-allow-origin'], '*')
    const { status, body } = await preflight('/theirs', 'GET')
    assert.deepEqual([status, body], [200, 'OPTIONS'])
  })
})
