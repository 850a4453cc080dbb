import assert from 'node:assert/strict'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { layoutOf } from '../../examples/marketplace/layout.ts'
import { loadConfig } from '../../src/config/load.ts'
import { tempFolder } from './temp-folder.ts'

interface Compose {
  services: Record<
    string,
    {
      environment?: Record<string, string>
      ports?: string[]
      healthcheck?: { test: string[] }
      read_only?: boolean
    }
  >
}

async function read(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
}

test('the containers are the gateway and the replicas that its configuration addresses by name', async (t) => {
  const { services } = parse(await read('docker-compose.yml'), { merge: true }) as Compose
  // As in the image: the configuration beside the routes.
  const app = await tempFolder(t)
  await writeFile(join(app, 'gateway.yaml'), await read('examples/marketplace/gateway.compose.yaml'))
  await symlink(fileURLToPath(new URL('../../routes', import.meta.url)), join(app, 'routes'))
  const config = await loadConfig(join(app, 'gateway.yaml'))
  assert.deepEqual(
    config.routes.map(({ name }) => name),
    ['inventory', 'orders', 'products']
  )
  const { replicas, gateway } = layoutOf(config)
  assert.equal(gateway.port, 8080)
  assert.deepEqual(Object.keys(services), ['gateway', ...replicas.map(({ name }) => name)])
  for (const { kind, name, host, port } of replicas) {
    assert.equal(host, name)
    assert.equal(port, 3000)
    assert.deepEqual(services[name]?.environment, { SERVICE: kind, NAME: name })
  }
})

test('only the gateway publishes a port, every replica has a health check and no container writes to its image', async () => {
  const { services } = parse(await read('docker-compose.yml'), { merge: true }) as Compose
  for (const [name, { ports, healthcheck, read_only: readOnly }] of Object.entries(services)) {
    assert.deepEqual(ports, name === 'gateway' ? ['8080:8080'] : undefined)
    assert.equal(healthcheck?.test.length, name === 'gateway' ? undefined : 4)
    assert.equal(readOnly, true)
  }
})
