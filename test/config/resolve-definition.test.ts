import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { stringify } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { type ConfigDefinition, resolveDefinition } from '../../src/config/resolve-definition.ts'
import { ConfigError } from '../../src/config/issue.ts'
import { temporaryFolder } from './temporary-folder.ts'

const DEFINITION = {
  upstreams: {
    catalog: {
      balancing: 'least-connections',
      backends: ['http://10.0.0.11:3001', { url: 'http://10.0.0.12:3001', weight: 2 }],
      healthCheck: { path: '/healthz', interval: '500ms' },
      outlierDetection: {}
    }
  },
  routes: [
    {
      name: 'products',
      path: '/api/products',
      upstream: 'catalog',
      rateLimit: { limit: 10, per: '1s' }
    }
  ],
  rateLimit: { limit: 100, per: '1s' },
  server: { trustProxy: ['10.0.0.0/8'], limits: { bodyLimit: '1MiB' } }
} as const satisfies ConfigDefinition

/** What is wrong with a definition, as it is told. */
function faultsOf(definition: object): string[] {
  try {
    resolveDefinition(definition)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.split('\n')
  }
  return []
}

suite('a configuration that is written in code', () => {
  test('is what the same would be in a file', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': stringify(DEFINITION, { aliasDuplicateObjects: false })
    })
    const fromFile = await loadConfig(join(folder, 'gateway.yaml'))
    const { server, routes, ...rest } = resolveDefinition(DEFINITION)
    const { trustProxy, limits } = fromFile.server
    assert.deepEqual(server, { trustProxy, limits })
    assert.equal(limits.bodyLimit, 1024 * 1024)
    for (const [key, value] of Object.entries(rest)) assert.deepEqual(value, Reflect.get(fromFile, key), key)
    const places = (each: typeof routes): object[] => each.map((route) => ({ ...route, source: '' }))
    assert.deepEqual(places(routes), places(fromFile.routes))
  })

  test('is not changed, and may be frozen', () => {
    const frozen = Object.freeze({ upstreams: Object.freeze({ catalog: Object.freeze({ backends: [] }) }) })
    assert.equal(resolveDefinition(frozen).upstreams[0]?.balancing.algorithm, 'round-robin')
    assert.deepEqual(frozen, { upstreams: { catalog: { backends: [] } } })
  })

  test('has all that is wrong with it told at once', () => {
    const faults = faultsOf({
      upstreams: { catalog: { balancing: 'round-robbin', backends: ['10.0.0.1'] } },
      routes: [{ path: '/api', upstream: 'catalogue' }]
    })
    assert.equal(faults.length, 3)
    assert.match(faults.join('\n'), /^definition:1: upstreams\.catalog\.backends\[0\]: expected /m)
    assert.match(faults.join('\n'), /^definition:1: upstreams\.catalog\.balancing: .*did you mean/m)
    assert.match(faults.join('\n'), /^definition:1: routes\[0\]\.upstream: .*did you mean/m)
  })

  test('may hold what plugins can keep, and nothing that only a gateway does', () => {
    const faults = faultsOf({ routesDir: 'routes', admin: { port: 1 }, server: { port: 8080 } })
    assert.deepEqual(
      faults.map((fault) => fault.split(':')[2]?.trim()),
      ['admin', 'routesDir', 'server.port']
    )
  })

  test('may be empty', () => {
    assert.deepEqual(resolveDefinition({}).upstreams, [])
  })
})
