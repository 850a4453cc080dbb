import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyServerOptions } from 'fastify'
import * as entry from '../../index.ts'
import { startBackends } from '../helpers/backend.ts'
import { type LogLine, parseLines } from '../helpers/log-lines.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'

const FOLDER = join(import.meta.dirname, '../../plugins')
const NAMES = (await readdir(FOLDER)).map((file) => file.replace(/\.ts$/, ''))

interface Meta {
  readonly name: string
  readonly dependencies?: readonly string[]
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** What the entry offers for a file of plugins/, and what it says of itself. */
function pluginOf(name: string): { plugin: FastifyPluginAsync; meta: Meta } {
  const plugin: unknown = Reflect.get(entry, camelCase(name))
  assert.equal(typeof plugin, 'function', name)
  const meta: unknown = Reflect.get(plugin as object, Symbol.for('plugin-meta'))
  return { plugin: plugin as FastifyPluginAsync, meta: meta as Meta }
}

function app(t: TestContext, options: FastifyServerOptions = {}): FastifyInstance {
  const made = Fastify({ forceCloseConnections: true, ...options })
  t.after(() => made.close())
  return made
}

suite('the entry of the package', () => {
  test('has every plugin, by the name of its file', () => {
    assert.ok(NAMES.length >= 20)
    for (const name of NAMES) assert.equal(pluginOf(name).meta.name, name)
  })

  test('has what editors show of every plugin', async () => {
    for (const name of NAMES) {
      const source = await readFile(join(FOLDER, `${name}.ts`), 'utf8')
      assert.match(source, /\*\/\nexport default fp\(/, name)
    }
  })

  test('says of each plugin which one that it stands on is missing', async (t) => {
    for (const name of NAMES) {
      const { plugin, meta } = pluginOf(name)
      const [first] = meta.dependencies ?? []
      if (first === undefined) continue
      const plain = app(t)
      const expected = new RegExp(`The dependency '${first}' of plugin '${name}' is not registered`)
      await assert.rejects(async () => {
        await plain.register(plugin, {})
        await plain.ready()
      }, expected)
    }
  })
})

suite('a plugin that can not do what is asked', () => {
  const refused = async (t: TestContext, name: string, options: object, expected: RegExp): Promise<void> => {
    const plain = app(t)
    await plain.register(entry.problemDetails)
    await plain.register(entry.requestRecord)
    await assert.rejects(async () => await plain.register(pluginOf(name).plugin, options), expected)
  }

  test('says what is missing of its options', async (t) => {
    await refused(t, 'upstream-registry', {}, /upstream-registry needs groups: \{ upstreams \}/)
    await refused(t, 'routing', {}, /routing needs routes: \{ routes \}/)
    await refused(t, 'tracing', {}, /tracing needs somebody to tell: \{ onFinished \}/)
  })

  test('says so of discovery, without which a group would stay empty', async (t) => {
    const { upstreams } = await entry.resolveDefinition({
      upstreams: { catalog: { discovery: { type: 'dns', name: 'catalog.internal', port: 3001 } } }
    })
    await refused(t, 'upstream-registry', { upstreams }, /group "catalog" has discovery/)
  })

  test('says so of certificates that are none', async (t) => {
    const folder = await temporaryFolder(t, { 'ca.pem': 'none' })
    const { upstreams } = await entry.resolveDefinition({
      upstreams: { catalog: { backends: ['https://127.0.0.1:1'], tls: { ca: join(folder, 'ca.pem') } } }
    })
    await refused(t, 'upstream-registry', { upstreams }, /expected certificates in PEM/)
  })

  test('says so of routes that ask for what nobody would keep', async (t) => {
    const asked: [plugin: string, route: Partial<entry.RouteDefinition>][] = [
      ['access-control', { access: { allow: ['127.0.0.1'] } }],
      ['rate-limiting', { rateLimit: { limit: 1, per: '1s' } }],
      ['cors', { cors: { origins: ['*'] } }],
      ['security-headers', { securityHeaders: {} }],
      ['request-validation', { validateRequests: true }]
    ]
    for (const [plugin, route] of asked) {
      const { upstreams, routes } = await entry.resolveDefinition({
        upstreams: { catalog: { backends: ['http://127.0.0.1:1'], openapi: '/openapi.json' } },
        routes: [{ path: '/api', upstream: 'catalog', ...route }]
      })
      const plain = app(t)
      await plain.register(entry.problemDetails)
      await plain.register(entry.requestRecord)
      await plain.register(entry.upstreamRegistry, { upstreams })
      await plain.register(entry.routing, { routes })
      await plain.register(entry.balancing)
      const expected = new RegExp(
        `routes have ${Object.keys(route)[0]}: register ${plugin} before forwarding`
      )
      await assert.rejects(async () => await plain.register(entry.forwarding), expected)
    }
  })

  test('is missed in the log when a group is configured for it', async (t) => {
    const { upstreams } = await entry.resolveDefinition({
      upstreams: {
        catalog: { backends: [], healthCheck: {}, outlierDetection: {}, circuitBreaker: {}, concurrency: {} }
      }
    })
    const lines: LogLine[] = []
    const stream = { write: (line: string) => lines.push(...parseLines(line)) }
    const plain = app(t, { logger: { level: 'warn', stream } })
    await plain.register(entry.upstreamRegistry, { upstreams })
    await plain.register(entry.healthChecks)
    await plain.ready()
    assert.deepEqual(
      lines.flatMap(({ group, plugin }) => [group, plugin]),
      ['catalog', 'outlier-detection', 'catalog', 'circuit-breaking', 'catalog', 'concurrency-limits']
    )
  })
})

test('the plugins may live in a part of an app, under a prefix, and leave the rest alone', async (t) => {
  const [backend] = await startBackends(t, 1)
  const { upstreams, routes } = await entry.resolveDefinition({
    upstreams: { catalog: { backends: [backend!.url] } },
    // Whatever the prefix is: a path is what the client asks for.
    routes: [{ name: 'products', path: '/shop/api/products', upstream: 'catalog', rewrite: '/products' }]
  })
  const plain = app(t)
  plain.get('/own', ({ record }) => ({ isRecorded: record !== undefined }))
  await plain.register(
    async (shop) => {
      await shop.register(entry.problemDetails)
      await shop.register(entry.requestRecord)
      await shop.register(entry.upstreamRegistry, { upstreams })
      await shop.register(entry.routing, { routes })
      await shop.register(entry.metrics)
      await shop.register(entry.balancing)
      await shop.register(entry.forwarding)
      shop.get('/metrics', async () => (await shop.readMetrics()).text)
    },
    { prefix: '/shop' }
  )
  const url = await plain.listen({ port: 0, host: '127.0.0.1' })
  const ask = async (path: string): Promise<Response> => await fetch(`${url}${path}`)
  assert.equal(await (await ask('/shop/api/products')).text(), 'a')
  assert.equal((await ask('/shop/other')).headers.get('content-type'), 'application/problem+json')
  assert.deepEqual(await (await ask('/own')).json(), { isRecorded: false })
  assert.match((await ask('/none')).headers.get('content-type')!, /^application\/json/)
  assert.equal(plain.hasDecorator('upstreams'), false)
  const metrics = await (await ask('/shop/metrics')).text()
  assert.match(metrics, /^xecureapi_requests_total\{.*route="products".*\} 1$/m)
  assert.match(metrics, /^xecureapi_backend_successes_total\{.*group="catalog".*\} 1$/m)
})
