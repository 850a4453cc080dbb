import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, suite, test, type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { startBackend } from '../helpers/backend.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { startDnsServer } from '../helpers/dns-server.ts'
import { exchange } from '../helpers/exchange.ts'
import { collectEvents, startGatewayFrom, withTestDefaults } from '../helpers/gateway.ts'
import { fingerprintOf, secureClient } from '../helpers/secure-client.ts'
import { registerSecret } from '../helpers/secret-scan.ts'
import { until } from '../helpers/until.ts'
import { configText } from './manifests.ts'
import { makeVolume } from './volume.ts'

let authority: Authority
let [first, second]: IssuedCertificate[] = []

before(async () => {
  authority = await createAuthority()
  ;[first, second] = await Promise.all([authority.issue(['localhost']), authority.issue(['localhost'])])
})

const tlsOf = ({ cert, key }: IssuedCertificate) => ({ 'tls.crt': cert, 'tls.key': key })

/** The gateway as deploy/kubernetes has it, with volumes, ports and a name server of this machine. */
async function startPod(t: TestContext) {
  const backend = await startBackend(t, 'a')
  const dns = await startDnsServer(t)
  dns.set('catalog.shop.svc.cluster.local', [{ address: '127.0.0.1', ttl: 5 }])
  const [tls, store] = await Promise.all([makeVolume(t, tlsOf(first!)), makeVolume(t, {})])
  const tokens = { 'admin-token': 'a-token-of-an-operator', 'prometheus-token': 'a-token-of-prometheus' }
  const keys = { ...tokens, affinity: 'a-secret-of-sixteen-characters' }
  for (const secret of Object.values(keys)) registerSecret(secret)
  const secrets = await makeVolume(t, keys)
  const here = (text: string): string =>
    [
      ['port: 8443', 'host: 127.0.0.1\n  port: 0'],
      ['port: 8080', 'port: 0'],
      ['port: 9090', 'port: 0'],
      ['port: 3000', `port: ${backend.port}, servers: ['${dns.address}']`],
      ['path: /healthz', 'path: /health'],
      ['delay: 10s, timeout: 45s', 'delay: 0s, timeout: 5s'],
      ['/run/tls', tls.path],
      ['/run/secrets/xecureapi', secrets.path],
      ['/var/lib/xecureapi', store.path]
    ].reduce((sofar, [from = '', to = '']) => {
      assert.ok(sofar.includes(from), from)
      return sofar.replaceAll(from, to)
    }, text)
  const text = `log: { level: silent }\n${here(await configText())}`
  const config = await makeVolume(t, { 'gateway.yaml': text })
  const front = await startGatewayFrom(t, join(config.path, 'gateway.yaml'))
  const ask = (path: string, token = tokens['admin-token']) =>
    exchange(`${front.adminUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })
  return { ...front, ask, text, config, tls, secrets, keys, backend }
}

suite('the gateway in volumes of Kubernetes', () => {
  test('serves what deploy/kubernetes says, and follows its ConfigMap and its Secrets', async (t) => {
    const { gateway, url, adminUrl, ask, text, config, tls, secrets, keys } = await startPod(t)
    const reloads = collectEvents(gateway, 'reload')
    await until('it is ready', async () => (await exchange(`${adminUrl}/readyz`)).status === 200)
    assert.equal((await exchange(`${adminUrl}/healthz`)).status, 200)
    assert.equal((await exchange(`${adminUrl}/metrics`)).status, 401)
    assert.equal((await ask('/metrics', keys['prometheus-token'])).status, 200)
    assert.equal(
      (await exchange(`${gateway.redirectUrl}/a`, { headers: { host: 'shop.example.com' } })).headers
        .location,
      'https://shop.example.com/a'
    )
    const client = () => secureClient(t, url, { ca: authority.ca, servername: 'localhost' })
    const old = await client()
    await until('a pod is found', async () => (await old.get('/api/products')).startsWith('HTTP/1.1 200 '))

    await t.test('another ConfigMap is in force by itself', async () => {
      await config.publish({
        'gateway.yaml': `${text}  - { name: lamps, path: /api/lamps, upstream: catalog }\n`
      })
      await until('it is applied', () => reloads.at(-1)?.outcome === 'applied')
      assert.match(await old.get('/api/lamps'), /^HTTP\/1\.1 200 /)
    })

    await t.test('one that is wrong changes nothing', async () => {
      await config.publish({
        'gateway.yaml': `${text}  - { name: lamps, path: /api/lamps, upstream: none }\n`
      })
      await until('it is refused', () => reloads.at(-1)?.outcome === 'failed')
      assert.match(await old.get('/api/lamps'), /^HTTP\/1\.1 200 /)
    })

    await t.test('another certificate is shown, and no connection ends', async () => {
      await tls.publish(tlsOf(second!))
      await until('it is shown', async () => (await client()).fingerprint === fingerprintOf(second!.cert))
      assert.match(await old.get('/api/lamps'), /^HTTP\/1\.1 200 /)
    })

    await t.test('another token counts from the next reload on', async () => {
      registerSecret('another-token-of-an-operator')
      await secrets.publish({ ...keys, 'admin-token': 'another-token-of-an-operator' })
      await config.publish({ 'gateway.yaml': text })
      await until('the reload is over', () => reloads.at(-1)?.outcome === 'applied')
      assert.equal((await ask('/api/routes', 'another-token-of-an-operator')).status, 200)
      assert.equal((await ask('/api/routes')).status, 401)
    })
  })

  test('route modules in a volume of their own are followed, in their versions', async (t) => {
    const module = (path: string): string => `export default [{ path: '${path}', upstream: 'catalog' }]\n`
    const routes = await makeVolume(t, { 'one.ts': module('/one') })
    const upstreams = { catalog: { backends: ['http://127.0.0.1:9'] } }
    const config = await makeVolume(t, {
      'gateway.yaml': stringify(withTestDefaults({ upstreams, routesDir: routes.path }, 0))
    })
    const { adminUrl } = await startGatewayFrom(t, join(config.path, 'gateway.yaml'))
    const untilServed = (...paths: string[]): Promise<void> =>
      until(`${paths.join(', ')} is served`, async () => {
        const { body } = await exchange(`${adminUrl}/api/routes`)
        return (JSON.parse(body) as { path: string }[]).map(({ path }) => path).join() === paths.join()
      })
    await untilServed('/one')
    await routes.publish({ 'one.ts': module('/uno'), 'two.js': module('/dos') })
    await untilServed('/uno', '/dos')
    await routes.publish({ 'two.js': module('/two') })
    await untilServed('/two')
  })
})
