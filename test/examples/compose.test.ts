import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { layoutOf } from '../../examples/marketplace/layout.ts'
import { loadConfig } from '../../src/config/load.ts'
import { runProgram } from '../helpers/child-gateway.ts'
import { runTool, type ToolOutput } from '../helpers/run-tool.ts'
import { until } from '../helpers/until.ts'
import { freePorts } from './free-ports.ts'
import { tempFolder } from './temp-folder.ts'

interface Service {
  image?: string
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  command?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test?: string[]; disable?: boolean }
  networks?: string[]
  network_mode?: string
  user?: string
  read_only?: boolean
  cap_drop?: string[]
}

interface Compose {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean }>
  volumes: Record<string, unknown>
}

/** Services that stand around the marketplace. */
const AROUND = ['redis', 'redis-password', 'admin-token', 'prometheus', 'grafana']

async function read(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
}

async function readCompose(): Promise<Compose> {
  return parse(await read('docker-compose.yml'), { merge: true }) as Compose
}

test('the containers are the gateway and the replicas that its configuration addresses by name', async (t) => {
  const { services } = await readCompose()
  // As in the image: the configuration beside the routes.
  const app = await tempFolder(t)
  const written = await read('examples/marketplace/gateway.compose.yaml')
  await writeFile(join(app, 'token'), 'a-token')
  await writeFile(join(app, 'password'), 'a-password')
  const here = written.replace('/run/xecureapi/token', join(app, 'token'))
  await writeFile(join(app, 'gateway.yaml'), here.replace('/run/redis/password', join(app, 'password')))
  await symlink(fileURLToPath(new URL('../../routes', import.meta.url)), join(app, 'routes'))
  const config = await loadConfig(join(app, 'gateway.yaml'))
  assert.deepEqual(
    config.routes.map(({ name }) => name),
    ['inventory', 'orders', 'products']
  )
  const { replicas, gateway, admin } = layoutOf(config)
  assert.equal(gateway.port, 8080)
  // What it decides is in Redis, and its copy in a volume, since the image is read-only.
  assert.ok(config.store.type === 'redis')
  assert.deepEqual(config.store.url, 'redis://:a-password@redis:6379')
  assert.equal(config.rateLimit.length, 1)
  assert.equal(config.store.path, join(app, '.xecureapi'))
  assert.ok(services['gateway']?.volumes?.includes('store:/app/.xecureapi'))
  // Where Prometheus finds it.
  assert.deepEqual([admin.host, admin.port], ['0.0.0.0', 9090])
  assert.deepEqual(config.admin.tokens, [{ name: 'compose', token: 'a-token' }])
  const names = ['gateway', ...replicas.map(({ name }) => name)]
  assert.deepEqual(
    Object.keys(services).filter((name) => !AROUND.includes(name)),
    names
  )
  for (const { kind, name, host, port } of replicas) {
    assert.equal(host, name)
    assert.equal(port, 3000)
    assert.deepEqual(services[name]?.environment, { SERVICE: kind, NAME: name })
  }
})

test('only the gateway is open to other machines, every replica has a health check and no container writes to its image', async () => {
  const { services } = await readCompose()
  const ports: Record<string, string[]> = {
    gateway: ['8080:8080'],
    prometheus: ['127.0.0.1:9091:9090'],
    grafana: ['127.0.0.1:3000:3000']
  }
  for (const [name, service] of Object.entries(services)) {
    assert.deepEqual(service.ports, ports[name], name)
    if (service.healthcheck?.test) assert.match(service.healthcheck.test[0]!, /^CMD/)
    const hasOwn = name === 'gateway' || AROUND.includes(name)
    if (!hasOwn) assert.equal(service.healthcheck?.test?.length, 4, name)
    assert.equal(service.read_only, true, name)
    assert.deepEqual(service.cap_drop, ['ALL'], name)
  }
})

test('every image from elsewhere has a version, and every volume is declared', async () => {
  const { services, volumes } = await readCompose()
  const images = Object.values(services).flatMap(({ image }) => (image?.includes(':') ? [image] : []))
  assert.equal(images.length, 3)
  for (const image of images) assert.match(image, /:v?\d+\.\d+\.\d+$/)
  const mounts = Object.values(services).flatMap((service) => service.volumes ?? [])
  const named = new Set(mounts.flatMap((mount) => (mount.startsWith('.') ? [] : [mount.split(':')[0]!])))
  assert.deepEqual([...named].sort(), Object.keys(volumes).sort())
  // What comes from this folder is only read.
  for (const mount of mounts.filter((each) => each.startsWith('.'))) {
    assert.match(mount, /:ro$/)
    assert.ok(existsSync(new URL(`../../${mount.split(':')[0]}`, import.meta.url)), mount)
  }
})

test('the token of the admin API is made by chance, once, unless the environment says what it is', async (t) => {
  const { services } = await readCompose()
  const { command = [], environment } = services['admin-token']!
  assert.deepEqual(environment, {
    XECUREAPI_TOKEN: '${XECUREAPI_TOKEN:-}',
    TOKEN_FILE: '/run/xecureapi/token'
  })
  for (const name of ['gateway', 'prometheus']) {
    assert.equal(
      services[name]?.depends_on?.['admin-token']?.condition,
      'service_completed_successfully',
      name
    )
    assert.ok(services[name].volumes?.includes('admin-token:/run/xecureapi:ro'), name)
  }
  const file = join(await tempFolder(t), 'token')
  const run = async (given: string): Promise<string> => {
    const [node, ...words] = command
    assert.equal(node, 'node')
    const env = { ...process.env, XECUREAPI_TOKEN: given, TOKEN_FILE: file }
    await promisify(execFile)(process.execPath, words, { env })
    return readFile(file, 'utf8')
  }
  const made = await run('')
  assert.match(made, /^[0-9a-f]{64}$/)
  assert.equal((await stat(file)).mode & 0o777, 0o444)
  assert.equal(await run(''), made)
  assert.equal(await run('given'), 'given')
  assert.equal(await run(''), 'given')
})

test('Grafana has no user, and so no password that could be the default one', async () => {
  const { environment = {} } = (await readCompose()).services['grafana']!
  assert.equal(environment['GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION'], 'true')
  assert.equal(environment['GF_AUTH_BASIC_ENABLED'], 'false')
  assert.equal(environment['GF_AUTH_ANONYMOUS_ORG_ROLE'], 'Viewer')
})

suite('Redis of the containers', () => {
  test('is reached by the gateway and by nobody else', async () => {
    const { services, networks } = await readCompose()
    assert.deepEqual(networks, { store: { internal: true } })
    const within = Object.entries(services).filter(([, { networks: of }]) => of?.includes('store'))
    assert.deepEqual(within.map(([name]) => name).toSorted(), ['gateway', 'redis'])
    const { redis, gateway } = services
    assert.deepEqual(redis?.networks, ['store'])
    assert.equal(redis.ports, undefined)
    assert.equal(redis.user, 'redis')
    assert.ok(redis.volumes?.includes('redis:/data'))
    for (const each of [redis, gateway!]) {
      assert.ok(each.volumes?.includes('redis-password:/run/redis:ro'))
      assert.equal(each.depends_on?.['redis-password']?.condition, 'service_completed_successfully')
    }
    // Without it the gateway serves all the same.
    assert.equal(gateway?.depends_on?.['redis']?.condition, 'service_started')
    const others = Object.entries(services).filter(
      ([name]) => !['gateway', 'redis', 'redis-password'].includes(name)
    )
    for (const [name, { volumes = [] }] of others) {
      assert.ok(!volumes.some((mount) => mount.startsWith('redis-password:')), name)
    }
  })

  test('asks for the password that is made for it, by its configuration and by its health check', async (t) => {
    const { services } = await readCompose()
    const folder = await tempFolder(t)
    const run = async (given: string): Promise<{ password: string; config: string }> => {
      const [, ...words] = services['redis-password']!.command!
      const [file, config] = [join(folder, 'password'), join(folder, 'redis.conf')]
      const env = {
        ...process.env,
        XECUREAPI_REDIS_PASSWORD: given,
        PASSWORD_FILE: file,
        REDIS_CONFIG: config
      }
      await promisify(execFile)(process.execPath, words, { env })
      return { password: await readFile(file, 'utf8'), config: await readFile(config, 'utf8') }
    }
    const made = await run('')
    assert.match(made.password, /^[0-9a-f]{64}$/)
    assert.deepEqual(await run(''), made)
    assert.deepEqual(await run('given'), { password: 'given', config: 'requirepass given\n' })
    await assert.rejects(run('with a blank'), /a password of letters, digits/)

    const { command = [], healthcheck } = services['redis']!
    const [port] = await freePorts(1)
    const [program, , ...options] = command
    const here = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
    const server = runProgram(t, { cwd: folder }, program!, join(folder, 'redis.conf'), ...options, ...here)
    await until('it takes connections', () => server.stdout().includes('Ready to accept connections'))
    const [kind, check = ''] = healthcheck?.test ?? []
    assert.equal(kind, 'CMD-SHELL')
    const ask = async (text: string): Promise<ToolOutput> =>
      await runTool('sh', '-c', text.replace('-e ping', `-e -p ${port} ping`))
    const asked = check.replaceAll('$$', '$').replace('/run/redis/password', join(folder, 'password'))
    assert.deepEqual(await ask(asked), { code: 0, stdout: 'PONG\n', stderr: '' })
    assert.notEqual((await ask('REDISCLI_AUTH=wrong redis-cli -e ping')).code, 0)
  })
})
