import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Redis } from 'ioredis'
import type { RedisConnectionConfig } from '../../src/config/types.ts'
import { freePort, startRedis, type TestRedis } from './redis-server.ts'
import { until } from './until.ts'

/** Starts nodes of a cluster; each has its share of the slots. @returns When all know of all. */
export async function startCluster(
  t: TestContext,
  {
    nodes: count,
    password,
    argsOf = () => []
  }: {
    readonly nodes: number
    readonly password?: string
    /** More words of a node's command line. */
    readonly argsOf?: (node: number) => readonly string[]
  }
): Promise<TestRedis[]> {
  const buses: number[] = []
  for (let index = 0; index < count; index++) buses.push(await freePort())
  const start = async (bus: number, node: number): Promise<TestRedis> => {
    const args = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), ...argsOf(node)]
    args.push('--cluster-node-timeout', '2000')
    return await startRedis(t, { args, ...(password !== undefined && { password }) })
  }
  const nodes = await Promise.all(buses.map(start))
  const step = Math.ceil(16_384 / count)
  for (const [index, { client }] of nodes.entries()) {
    const last = Math.min(16_384, (index + 1) * step) - 1
    await client.call('CLUSTER', 'ADDSLOTSRANGE', index * step, last)
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    // All of them: gossip takes its time.
    for (let other = 0; other < index; other++) {
      await client.call('CLUSTER', 'MEET', '127.0.0.1', nodes[other]!.port, buses[other]!)
    }
  }
  const isThere = async ({ client }: TestRedis): Promise<boolean> => {
    const info = await client.cluster('INFO')
    return info.includes('cluster_state:ok') && info.includes('cluster_slots_assigned:16384')
  }
  // While they get to know each other, they may change their minds.
  let rounds = 0
  await until('the cluster is there', async () => {
    rounds = (await Promise.all(nodes.map(isThere))).every(Boolean) ? rounds + 1 : 0
    return rounds === 3
  })
  return nodes
}

/** A master and a replica that a sentinel watches over. */
export interface WatchedRedis {
  /** How a gateway gets there, passwords included. */
  readonly connection: RedisConnectionConfig
  readonly master: TestRedis
  readonly replica: TestRedis
  /** A connection to the sentinel. */
  readonly sentinel: Redis
  /** Makes the replica the master. @returns When the sentinel says so. */
  readonly failOver: () => Promise<void>
}

/** How long a failover may take before another is asked for, in milliseconds. */
const FAILOVER_PATIENCE = 8000

/** Starts them, all with passwords; they are killed with the test. */
export async function startWatchedRedis(t: TestContext): Promise<WatchedRedis> {
  const [password, watch] = ['data-secret', 'watch-secret']
  const args = ['--masterauth', password, '--repl-diskless-sync-delay', '0']
  const master = await startRedis(t, { password, args })
  const replicaOf = ['--replicaof', `127.0.0.1 ${master.port}`]
  const replica = await startRedis(t, { password, args: [...args, ...replicaOf] })
  await until('it follows', async () =>
    (await replica.client.info('replication')).includes('master_link_status:up')
  )
  const port = await freePort()
  const sentinel = await startSentinel(t, port, watch, [
    `sentinel monitor shop 127.0.0.1 ${master.port} 1`,
    `sentinel auth-pass shop ${password}`,
    'sentinel down-after-milliseconds shop 1000'
  ])
  return {
    connection: {
      url: [`redis://:${password}@127.0.0.1:${port}`],
      sentinel: { name: 'shop', password: watch }
    },
    master,
    replica,
    sentinel,
    failOver: async () => {
      let askedAt = -Infinity
      await until('it is over', async () => {
        const address = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'shop')) as string[]
        if (Number(address[1]) === replica.port) return true
        // Until it has heard of the replica, there is none; and it may give one up.
        if (performance.now() - askedAt > FAILOVER_PATIENCE) {
          const isBegun = await sentinel.call('SENTINEL', 'FAILOVER', 'shop').then(
            () => true,
            () => false
          )
          if (isBegun) askedAt = performance.now()
        }
        return false
      })
    }
  }
}

/** Starts a sentinel. @param lines - Of its configuration: whom it watches over. */
export async function startSentinel(
  t: TestContext,
  port: number,
  password: string,
  lines: readonly string[]
): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  await writeFile(
    file,
    [`port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`, ...lines, ''].join('\n')
  )
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  const closed = once(child, 'close')
  const client = new Redis({ port, password, retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {})
  t.after(async () => {
    client.disconnect()
    child.kill('SIGKILL')
    await closed
    await rm(folder, { recursive: true, force: true })
  })
  await until('the sentinel answers', async () => {
    if (child.exitCode !== null) throw new Error(`the sentinel ended with ${child.exitCode}`)
    return client.status === 'ready' && (await client.ping()) === 'PONG'
  })
  // It looks every second by default, every ten seconds for replicas.
  await client.call('SENTINEL', 'DEBUG', 'INFO-PERIOD', 100, 'PING-PERIOD', 100, 'PUBLISH-PERIOD', 100)
  return client
}
