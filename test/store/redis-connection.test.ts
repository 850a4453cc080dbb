import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { RedisConnectionConfig } from '../../src/config/types.ts'
import { openRedis } from '../../src/store/redis-client.ts'
import { StoreUnavailable } from '../../src/store/registrations.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { startCluster, startSentinel, startWatchedRedis } from '../helpers/redis-groups.ts'
import { freePort, startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'
import { put } from './entries.ts'
import { openRegistry, urlsOf } from './redis-registry-lab.ts'

const [trusted, unknown] = [await createAuthority(), await createAuthority()]
// Of this process, as by NODE_EXTRA_CA_CERTS.
setDefaultCACertificates([...getCACertificates(), trusted.ca])

/** Files of a certificate for 127.0.0.1, as options of a server that listens to TLS besides. */
async function tlsOf(t: TestContext, authority: typeof trusted): Promise<[option: string, value: string][]> {
  const { cert, key } = await authority.issue(['127.0.0.1'])
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-tls-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const files = { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-ca-cert-file': authority.ca }
  const options = Object.entries(files).map(([name, text]): [string, string] => [name, text])
  for (const [name, text] of options) await writeFile(join(folder, name), text)
  return [
    ...options.map(([name]): [string, string] => [name, join(folder, name)]),
    ['tls-auth-clients', 'no']
  ]
}

function wordsOf(options: readonly [string, string][], port: number): string[] {
  return [...options, ['tls-port', String(port)]].flatMap(([name, value]) => [`--${name}`, value!])
}

/** Connects, and leaves a mark. */
async function write(t: TestContext, config: RedisConnectionConfig): Promise<void> {
  const { redis, reasonOf } = openRedis(config)
  t.after(() => redis.disconnect())
  redis.defineCommand('mark', { lua: "return redis.call('SET', KEYS[1], 'here')", numberOfKeys: 1 })
  const marking = redis as typeof redis & { mark: (key: string) => Promise<string> }
  await until('it is written', async () => {
    if (reasonOf(undefined) === 'tls_failed') throw new Error('its certificate is not trusted')
    return await marking.mark('{xgw}:mark').then(
      () => true,
      () => false
    )
  })
}

suite('a connection', { concurrency: true }, () => {
  suite('a Redis over TLS', { concurrency: 3 }, () => {
    test('is reached by name or address that its certificate holds for, and not when nobody trusts it', async (t) => {
      const [good, bad] = [await freePort(), await freePort()]
      const redis = await startRedis(t, { args: wordsOf(await tlsOf(t, trusted), good) })
      await write(t, { url: `rediss://127.0.0.1:${good}` })
      assert.equal(await redis.client.get('{xgw}:mark'), 'here')
      await startRedis(t, { args: wordsOf(await tlsOf(t, unknown), bad) })
      // The name is another one; the authority is another one.
      for (const url of [`rediss://localhost:${good}`, `rediss://127.0.0.1:${bad}`]) {
        for (const config of [{ url }, { url: [url] }]) {
          const client = openRedis(config)
          t.after(() => client.redis.disconnect())
          await until(`${url} is refused`, () => client.reasonOf(undefined) === 'tls_failed')
        }
      }
    })

    test('may be a cluster, all of it over TLS', async (t) => {
      const ports = [await freePort(), await freePort()]
      const options = await tlsOf(t, trusted)
      const argsOf = (node: number) => [...wordsOf(options, ports[node]!), '--tls-cluster', 'yes']
      const nodes = await startCluster(t, { nodes: 2, argsOf })
      await write(t, { url: [`rediss://127.0.0.1:${ports[0]}`] })
      const [one, other] = await Promise.all(nodes.map(({ client }) => client.dbsize()))
      assert.equal(one! + other!, 1)
    })

    test('may be found by a sentinel, which is asked over TLS too', async (t) => {
      const [data, watch, plain] = [await freePort(), await freePort(), await freePort()]
      const options = await tlsOf(t, trusted)
      const redis = await startRedis(t, { args: wordsOf(options, data) })
      await startSentinel(t, plain, 'watch-secret', [
        ...options.map(([name, value]) => `${name} ${value}`),
        `tls-port ${watch}`,
        'tls-replication yes',
        `sentinel monitor shop 127.0.0.1 ${data} 1`
      ])
      const url = `rediss://127.0.0.1:${watch}`
      await write(t, { url, sentinel: { name: 'shop', password: 'watch-secret' } })
      assert.equal(await redis.client.get('{xgw}:mark'), 'here')
    })
  })

  suite('a Redis that a sentinel watches over', { concurrency: 2 }, () => {
    test('is found, and followed through a failover without a loss', async (t) => {
      const { connection, master, replica, failOver } = await startWatchedRedis(t)
      const [writer, reader] = [
        await openRegistry(t, connection, { id: 'writer' }),
        await openRegistry(t, connection, { id: 'reader' })
      ]
      await until('it is found', () => [writer, reader].every(({ store }) => store.trouble === undefined))
      const acknowledged: string[] = []
      const stopping = new AbortController()
      t.after(() => stopping.abort())
      const writing = (async () => {
        for (let count = 0; !stopping.signal.aborted; count++) {
          const url = `http://b-${count}:80`
          try {
            await writer.store.write(put(url))
            acknowledged.push(url)
          } catch (error) {
            if (!(error instanceof StoreUnavailable)) throw error
          }
          await delay(20)
        }
      })()
      const stateOf = async ({ client }: typeof master): Promise<string[]> =>
        await client.hkeys('{xgw}:state')
      await until('some have reached the replica', async () => (await stateOf(replica)).length > 5)
      await failOver()
      const before = acknowledged.length
      await until('it goes on writing', () => acknowledged.length > before + 5)
      stopping.abort()
      await writing
      await until('both know the same', () => {
        const [one, other] = [writer.store.snapshot, reader.store.snapshot]
        return one.version === other.version && one.entries.size === other.entries.size
      })
      const there = new Set(await stateOf(replica))
      for (const url of acknowledged) assert.ok(there.has(`catalog ${url}`), url)
      assert.deepEqual(
        urlsOf(reader.store.snapshot).map((url) => `catalog ${url}`),
        [...there].sort()
      )
    })

    test('is not found where the sentinel refuses the password, knows no such name or is away: it says why', async (t) => {
      const { connection, sentinel } = await startWatchedRedis(t)
      const away = 'redis://127.0.0.1:1'
      const cases = [
        [{ ...connection, sentinel: { name: 'shop', password: 'wrong' } }, 'wrongpass'],
        [{ ...connection, sentinel: { name: 'shop' } }, 'noauth'],
        [{ ...connection, sentinel: { ...connection.sentinel!, name: 'other' } }, 'unknown_master'],
        [{ ...connection, url: `redis://127.0.0.1:${sentinel.options.port}` }, 'noauth'],
        [{ ...connection, url: away }, 'sentinel_away']
      ] as const
      for (const [config, reason] of cases) {
        const { redis, reasonOf } = openRedis(config)
        t.after(() => redis.disconnect())
        await until(reason, () => reasonOf(undefined) === reason)
      }
      // The next one is asked when one is away.
      const { redis } = openRedis({
        ...connection,
        url: ['redis://:data-secret@127.0.0.1:1', ...[connection.url].flat()]
      })
      t.after(() => redis.disconnect())
      await until('it is found', () => redis.status === 'ready')
    })

    test('leaves what is known in place while no sentinel answers', async (t) => {
      const unreachable = { url: ['redis://127.0.0.1:1'], sentinel: { name: 'shop' } }
      const { store } = await openRegistry(t, unreachable)
      await until('it is told', () => store.trouble === 'sentinel_away')
      await assert.rejects(async () => await store.write(put('http://a:80')), StoreUnavailable)
    })
  })
})
