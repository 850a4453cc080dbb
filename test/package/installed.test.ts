import assert from 'node:assert/strict'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, suite, test, type TestContext } from 'node:test'
import { runProgram } from '../helpers/child-gateway.ts'
import { parseLines } from '../helpers/log-lines.ts'
import { runTool } from '../helpers/run-tool.ts'
import { until } from '../helpers/until.ts'
import { installInto, packageFolder, ROOT } from './packed.ts'

const project = await packageFolder({ after })
await installInto(project)
await cp(join(ROOT, 'examples/plugins'), join(project, 'shop'), { recursive: true })

/** A backend of the shop whose health and version the test decides. */
interface Sample {
  readonly url: string
  readonly id: string
  version: string
  isWell: boolean
}

async function startSample(t: TestContext, version: string): Promise<Sample> {
  const answer = ({ url }: IncomingMessage, response: ServerResponse): void => {
    if (url === '/version') response.end(sample.version)
    else if (url === '/healthz') response.writeHead(sample.isWell ? 200 : 500).end()
    else response.end(`${url} ${sample.id}`)
  }
  const server = createServer(answer).listen({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sample: Sample = { url: `http://127.0.0.1:${port}`, id: `127.0.0.1:${port}`, version, isWell: true }
  return sample
}

suite('installed from its tarball', { concurrency: true }, () => {
  test('its types resolve in both ways, and the example keeps to them', async () => {
    const base = JSON.parse(
      (await readFile(join(project, 'shop/tsconfig.json'), 'utf8')).replaceAll(/^\s*\/\/.*$/gm, '')
    ) as { compilerOptions: object }
    const ways = { nodenext: {}, bundler: { module: 'esnext', moduleResolution: 'bundler' } }
    const checks = Object.entries(ways).map(async ([name, options]) => {
      const file = join(project, `shop/tsconfig.${name}.json`)
      await writeFile(file, JSON.stringify({ compilerOptions: { ...base.compilerOptions, ...options } }))
      const { code, stdout } = await runTool(join(ROOT, 'node_modules/.bin/tsc'), '-p', file)
      assert.equal(code, 0, `${name}: ${stdout}`)
    })
    await Promise.all(checks)
  })

  test('the example serves its own routes, and balances, checks, filters, limits, counts and logs', async (t) => {
    const [a, b, c] = await Promise.all(
      ['v2', 'v2', 'v1'].map(async (version) => await startSample(t, version))
    )
    assert.ok(a && b && c)
    const env = { ...process.env, CATALOG: [a.url, b.url, c.url].join(','), VERSION: 'v2', PORT: '0' }
    const shop = runProgram(t, { env }, process.execPath, join(project, 'shop/main.ts'))
    const open = /^the shop is open at (\S+)\/api\/products$/m
    await until('it is open', () => {
      if (shop.stderr() !== '') throw new Error(shop.stderr())
      return open.test(shop.stdout())
    })
    const [, url = ''] = open.exec(shop.stdout()) ?? []
    const servers = async (count: number): Promise<Set<string | null>> => {
      const from = new Set<string | null>()
      for (let round = 0; round < count; round++) {
        const response = await fetch(`${url}/api/products/1`)
        assert.equal(response.status, 200)
        assert.equal(await response.text(), `/products/1 ${response.headers.get('x-served-by')}`)
        from.add(response.headers.get('x-served-by'))
      }
      return from
    }
    const served = async (...by: Sample[]): Promise<boolean> => {
      const from = await servers(6)
      return from.size === by.length && by.every(({ id }) => from.has(id))
    }

    assert.deepEqual(await (await fetch(url)).json(), { shop: 'open' })
    assert.ok(await served(a, b), 'the third has another version')
    b.isWell = false
    await until(
      'the ill one is avoided',
      async () => (await fetch(`${url}/api/products`)).ok && (await served(a))
    )
    b.isWell = true
    c.version = 'v2'
    await until('all are back', async () => await served(a, b, c))

    const reports = [1, 2, 3].map(async () => await fetch(`${url}/api/reports`))
    const statuses = (await Promise.all(reports)).map(({ status }) => status)
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [200, 200, 429]
    )
    const metrics = await (await fetch(`${url}/metrics`)).text()
    assert.match(metrics, /^xecureapi_requests_total\{.*route="reports".*status="429".*\} 1$/m)
    assert.match(metrics, new RegExp(`^xecureapi_backend_health\\{.*backend="${c.id}".*\\} 1$`, 'm'))
    const refused = parseLines(shop.stdout()).find(({ reason }) => reason === 'rate_limited')
    assert.deepEqual([refused?.msg, refused?.route, refused?.status], ['request', 'reports', 429])
    shop.kill('SIGTERM')
    assert.deepEqual(await shop.ended, { code: 0, signal: null })
  })

  test('its command starts a gateway', async (t) => {
    const backend = await startSample(t, 'v1')
    await writeFile(
      join(project, 'gateway.yaml'),
      `server: { host: 127.0.0.1, port: 0, workers: 1, shutdown: { delay: 0s } }
admin: { port: 0 }
upstreams: { catalog: { backends: ['${backend.url}'] } }
routes: [{ path: /api/products, upstream: catalog, rewrite: /products }]
`
    )
    const command = join(project, 'node_modules/.bin/xecureapi')
    const gateway = runProgram(t, { cwd: project }, process.execPath, command, 'start')
    const serves = /^xecureapi serves (\S+), admin/m
    await until('it serves', () => {
      if (gateway.stderr() !== '') throw new Error(gateway.stderr())
      return serves.test(gateway.stdout())
    })
    const [, url] = serves.exec(gateway.stdout()) ?? []
    assert.equal(await (await fetch(`${url}/api/products`)).text(), `/products ${backend.id}`)
    gateway.kill('SIGTERM')
    assert.deepEqual(await gateway.ended, { code: 0, signal: null })
  })
})
