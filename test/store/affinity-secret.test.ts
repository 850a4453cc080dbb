import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { GatewayConfig } from '../../src/config/types.ts'
import { AffinitySecret, withKeptSecret } from '../../src/store/affinity-secret.ts'
import { configIssues, loadCheckedConfig } from '../../src/tls/checked-config.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { startGateway } from '../helpers/gateway.ts'
import { collectLog } from '../helpers/log-lines.ts'

const YAML = [
  'upstreams:',
  '  catalog: { backends: [http://a], affinity: {} }',
  '  orders: { backends: [http://b], affinity: { secret: a secret of its own } }',
  '  inventory: { backends: [http://c] }',
  ''
].join('\n')

const MESSAGE =
  'the secret of affinity can not be kept: sessions end with this process, and other gateways do not know them'

async function load(t: TestContext, files: Record<string, string> = {}) {
  const folder = await temporaryFolder(t, { ...files, 'gateway.yaml': YAML })
  const config = await loadConfig(join(folder, 'gateway.yaml'))
  return { folder, config, file: join(folder, '.xecureapi/affinity-secret') }
}

function secretsOf({ upstreams }: GatewayConfig): (string | undefined)[] {
  return upstreams.map(({ affinity }) => affinity?.secret)
}

suite('the secret of affinity', () => {
  test('is made once, and the same for every gateway that starts beside this configuration', async (t) => {
    const { config, file } = await load(t)
    const { log, text } = collectLog()
    const filled = await new AffinitySecret().complete(config, log)
    const [made, own, none] = secretsOf(filled)
    assert.match(made ?? '', /^[\w-]{43}$/)
    assert.equal(own, 'a secret of its own')
    assert.equal(none, undefined)
    assert.equal(await readFile(file, 'utf8'), `${made}\n`)
    assert.deepEqual(await new AffinitySecret().complete(config, log), filled)
    assert.equal(text(), '')
  })

  test('is kept where the store is, also beside a Redis', async (t) => {
    const { folder, config } = await load(t)
    const store = { type: 'redis', url: 'redis://a', prefix: 'xgw', path: join(folder, 'state') } as const
    const moved = { ...config, store }
    const [made] = secretsOf(await new AffinitySecret().complete(moved, collectLog().log))
    assert.equal(await readFile(join(folder, 'state/affinity-secret'), 'utf8'), `${made}\n`)
    assert.equal(secretsOf(await withKeptSecret(moved))[0], made)
    assert.ok(!(await readdir(folder)).includes('.xecureapi'))
  })

  test('is not made when nobody needs it', async (t) => {
    const { folder, config } = await load(t)
    const upstreams = config.upstreams.filter(({ name }) => name !== 'catalog')
    const others = { ...config, upstreams }
    assert.equal(await new AffinitySecret().complete(others, collectLog().log), others)
    assert.deepEqual(await readdir(folder), ['gateway.yaml'])
  })

  test('is read again each time, and written again when its file has gone', async (t) => {
    const { config, file } = await load(t)
    const { log, text } = collectLog()
    const secret = new AffinitySecret()
    await secret.complete(config, log)
    await writeFile(file, 'another of an operator\n')
    assert.equal(secretsOf(await secret.complete(config, log))[0], 'another of an operator')
    await rm(file)
    assert.equal(secretsOf(await secret.complete(config, log))[0], 'another of an operator')
    assert.equal(await readFile(file, 'utf8'), 'another of an operator\n')
    assert.equal(text(), '')
  })

  test('stays the same in memory where it can not be kept, which is told once, and is kept as soon as it can be', async (t) => {
    const { config, folder, file } = await load(t, { '.xecureapi': 'a file where the folder should be' })
    const { log, text, lines } = collectLog()
    const secret = new AffinitySecret()
    const [first] = secretsOf(await secret.complete(config, log))
    const [second] = secretsOf(await secret.complete(config, log))
    assert.equal(second, first)
    const told = lines(MESSAGE).map((line) => [line['level'], line['file'], line['reason']])
    assert.deepEqual(told, [[40, file, 'ENOTDIR']])
    await rm(join(folder, '.xecureapi'))
    assert.equal(secretsOf(await secret.complete(config, log))[0], first)
    assert.equal(await readFile(file, 'utf8'), `${first}\n`)
    assert.equal(text().includes(first!), false)
  })

  test('of a file that was damaged stays what it was, and the file as it is', async (t) => {
    const { config, file } = await load(t)
    const { log, lines } = collectLog()
    const secret = new AffinitySecret()
    const [first] = secretsOf(await secret.complete(config, log))
    await writeFile(file, '')
    assert.equal(secretsOf(await secret.complete(config, log))[0], first)
    assert.deepEqual(
      lines(MESSAGE).map((line) => line['reason']),
      ['not_a_secret']
    )
    assert.equal(await readFile(file, 'utf8'), '')
  })

  test('is taken from its file by who only looks on, who makes none', async (t) => {
    const { config, folder, file } = await load(t)
    assert.equal(await withKeptSecret(config), config)
    assert.deepEqual(await readdir(folder), ['gateway.yaml'])
    const kept = await new AffinitySecret().complete(config, collectLog().log)
    assert.deepEqual(await withKeptSecret(config), kept)
    await writeFile(file, '')
    assert.equal(await withKeptSecret(config), config)
  })

  test('is no matter of loading or validating: neither makes a file', async (t) => {
    const { folder, config } = await load(t)
    assert.deepEqual(await configIssues(config.file), [])
    assert.equal(secretsOf(await loadCheckedConfig(config.file))[0], undefined)
    assert.deepEqual(await readdir(folder), ['gateway.yaml'])
  })
})

test('a gateway makes the secret at its start, keeps it over reloads, and shows it to nobody', async (t) => {
  const { log, text } = collectLog()
  const config = {
    log: { level: 'trace' },
    upstreams: { catalog: { backends: ['http://127.0.0.1:1'], affinity: {} } },
    routes: [{ path: '/', upstream: 'catalog' }]
  }
  const { gateway, file, url, adminUrl, write } = await startGateway(t, config, { log })
  const kept = join(file, '../.xecureapi/affinity-secret')
  const secret = (await readFile(kept, 'utf8')).trim()
  assert.equal((await gateway.reload('admin')).outcome, 'unchanged')
  await write({ ...config, routes: [{ path: '/shop', upstream: 'catalog' }] })
  assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
  assert.equal((await readFile(kept, 'utf8')).trim(), secret)

  const seen = [text(), JSON.stringify(gateway.events.after(0))]
  const paths = ['/api/upstreams', '/api/upstreams/catalog', '/api/routes', '/metrics']
  for (const path of [...paths, '/api/explain?method=GET&url=/shop']) {
    seen.push(await (await fetch(`${adminUrl}${path}`)).text())
  }
  const answer = await fetch(`${url}/shop`)
  seen.push(await answer.text(), JSON.stringify([...answer.headers]), text())
  assert.equal(seen.join('\n').includes(secret), false)

  await writeFile(kept, 'another of an operator\n')
  assert.notEqual((await gateway.reload('admin')).outcome, 'failed')
  await rm(kept)
  await mkdir(kept)
  assert.equal((await gateway.reload('admin')).outcome, 'unchanged')
})
