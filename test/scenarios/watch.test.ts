import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { stringify } from 'yaml'
import {
  collectEvents,
  type RawConfig,
  startGateway,
  startGatewayFrom,
  type TestGateway,
  withTestDefaults
} from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

/** Longer than changes are collected before the files are read. */
const SETTLED = 500

function configOf(path: string): RawConfig {
  return {
    upstreams: { catalog: { backends: ['http://127.0.0.1:9'] } },
    routes: [{ path, upstream: 'catalog' }]
  }
}

/** The paths that are served now. */
async function paths({ gateway }: TestGateway): Promise<string[]> {
  const response = await fetch(`${gateway.adminUrl}/api/routes`)
  return ((await response.json()) as { path: string }[]).map(({ path }) => path)
}

async function untilServed(gateway: TestGateway, ...wanted: string[]): Promise<void> {
  await until(`${wanted.join(', ')} is served`, async () => (await paths(gateway)).join() === wanted.join())
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'xecureapi-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

function serialized(path: string): string {
  return stringify(withTestDefaults(configOf(path), 0))
}

test('a file that another is renamed over is read again', async (t) => {
  const front = await startGateway(t, configOf('/first'))
  const reloads = collectEvents(front.gateway, 'reload')
  await front.write(configOf('/second'))
  await untilServed(front, '/second')
  await front.write(configOf('/third'))
  await untilServed(front, '/third')
  assert.deepEqual(
    reloads.map(({ trigger, outcome, generation }) => [trigger, outcome, generation]),
    [
      ['file', 'applied', 2],
      ['file', 'applied', 3]
    ]
  )
})

test('a file that is rewritten in place is read again', async (t) => {
  const front = await startGateway(t, configOf('/first'))
  await writeFile(front.file, serialized('/second'))
  await untilServed(front, '/second')
})

test('a file that is removed and comes back is read again', async (t) => {
  const front = await startGateway(t, configOf('/first'))
  const reloads = collectEvents(front.gateway, 'reload')
  await rm(front.file)
  await until('its absence is noticed', () => reloads.at(-1)?.outcome === 'failed')
  await writeFile(front.file, serialized('/second'))
  await untilServed(front, '/second')
})

test('touching a file without changing it is no news', async (t) => {
  const front = await startGateway(t, configOf('/first'))
  const reloads = collectEvents(front.gateway, 'reload')
  await utimes(front.file, new Date(), new Date())
  await writeFile(front.file, serialized('/first'))
  await delay(SETTLED)
  assert.deepEqual(reloads, [])
  assert.equal(front.gateway.readiness.generation, 1)
})

test('a change that is made while another is applied is not lost', async (t) => {
  // Many routes and a worker make a reload long enough to fall into.
  const manyRoutes = (first: string): RawConfig => ({
    ...configOf(first),
    routes: Array.from({ length: 300 }, (_, index) => ({ path: `${first}/${index}`, upstream: 'catalog' }))
  })
  const front = await startGateway(t, manyRoutes('/start'), { workers: 1 })
  for (const milliseconds of [4, 8, 12]) {
    await front.write(manyRoutes('/early'))
    const applied = front.gateway.reload('admin')
    await delay(milliseconds)
    await writeFile(front.file, stringify(withTestDefaults(configOf(`/late/${milliseconds}`), 1)))
    await applied
    await untilServed(front, `/late/${milliseconds}`)
  }
})

test('a volume whose `..data` link is swapped is read again, also after a broken version', async (t) => {
  const volume = await folder(t)
  const publish = async (version: string, text: string): Promise<void> => {
    await mkdir(join(volume, version))
    await writeFile(join(volume, version, 'gateway.yaml'), text)
    await symlink(version, join(volume, '..data_tmp'))
    await rename(join(volume, '..data_tmp'), join(volume, '..data'))
  }
  await publish('..1', serialized('/first'))
  await symlink(join('..data', 'gateway.yaml'), join(volume, 'gateway.yaml'))
  const front = await startGatewayFrom(t, join(volume, 'gateway.yaml'))
  const reloads = collectEvents(front.gateway, 'reload')
  await publish('..2', serialized('/second'))
  await untilServed(front, '/second')
  await rm(join(volume, '..1'), { recursive: true })
  await publish('..3', 'routes: 1')
  await until('it failed', () => reloads.at(-1)?.outcome === 'failed')
  await publish('..4', serialized('/fourth'))
  await untilServed(front, '/fourth')
})

test('a link to a file elsewhere is followed, wherever it points after a reload', async (t) => {
  const [links, files] = [await folder(t), await folder(t)]
  const link = join(links, 'gateway.yaml')
  const point = async (name: string): Promise<void> => {
    await symlink(join(files, name), `${link}.new`)
    await rename(`${link}.new`, link)
  }
  await writeFile(join(files, 'one.yaml'), serialized('/first'))
  await writeFile(join(files, 'two.yaml'), 'routes: 1')
  await point('one.yaml')
  const front = await startGatewayFrom(t, link)
  const reloads = collectEvents(front.gateway, 'reload')
  await writeFile(join(files, 'one.yaml'), serialized('/second'))
  await untilServed(front, '/second')
  await point('two.yaml')
  await until('it failed', () => reloads.at(-1)?.outcome === 'failed')
  await writeFile(join(files, 'two.yaml'), serialized('/third'))
  await untilServed(front, '/third')
})

test('modules of routesDir are read again when one changes, comes or goes', async (t) => {
  const volume = await folder(t)
  const routes = join(volume, 'routes')
  await mkdir(routes)
  const write = async (name: string, path: string): Promise<void> => {
    await writeFile(join(routes, name), `export default [{ path: '${path}', upstream: 'catalog' }]\n`)
  }
  await write('one.ts', '/one')
  const file = join(volume, 'gateway.yaml')
  await writeFile(file, stringify(withTestDefaults({ ...configOf('/inline'), routesDir: 'routes' }, 0)))
  const front = await startGatewayFrom(t, file)
  assert.deepEqual(await paths(front), ['/inline', '/one'])
  await write('one.ts', '/uno')
  await untilServed(front, '/inline', '/uno')
  await write('two.js', '/dos')
  await untilServed(front, '/inline', '/uno', '/dos')
  await rm(join(routes, 'one.ts'))
  await untilServed(front, '/inline', '/dos')
})
