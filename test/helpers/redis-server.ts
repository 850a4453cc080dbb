import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { until } from './until.ts'

/** A Redis of a test: a real one that keeps nothing on disk. */
export interface TestRedis {
  readonly url: string
  readonly port: number
  /** A connection of the test's own. */
  readonly client: Redis
  /** Stops it at once, as by `kill -9`. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port, empty. */
  readonly restart: () => Promise<void>
  /** Lets it stand still; connections stay. */
  readonly pause: () => void
  /** Lets it go on. */
  readonly resume: () => void
  /** How often it decided about a request so far. */
  readonly decisions: () => Promise<number>
}

/** What differs from the defaults. */
export interface TestRedisOptions {
  /** Of the default user. */
  readonly password?: string
  /** Whether it waits for {@link TestRedis.restart}. */
  readonly isDown?: boolean
}

/** Starts a Redis on a free port; it is killed with the test. */
export async function startRedis(t: TestContext, options: TestRedisOptions = {}): Promise<TestRedis> {
  const { password, isDown = false } = options
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-redis-'))
  const port = await freePort()
  const login = password === undefined ? '' : `:${password}@`
  const url = `redis://${login}127.0.0.1:${port}`
  const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {})
  let server: ChildProcess | undefined
  const kill = async (): Promise<void> => {
    if (!server) return
    const closed = once(server, 'close')
    server.kill('SIGKILL')
    server = undefined
    await closed
  }
  const restart = async (): Promise<void> => {
    await kill()
    server = spawn(
      'redis-server',
      [
        '--bind',
        '127.0.0.1',
        '--port',
        String(port),
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder
      ].concat(password === undefined ? [] : ['--requirepass', password]),
      { stdio: 'ignore' }
    )
    await until('Redis answers', async () => (await client.ping().catch(() => '')) === 'PONG')
  }
  t.after(async () => {
    client.disconnect()
    await kill()
    await rm(folder, { recursive: true, force: true })
  })
  if (!isDown) await restart()
  return {
    url,
    port,
    client,
    kill,
    restart,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    decisions: async () => {
      const info = await client.info('commandstats')
      // The script of a decision reads its key; that of presence reads none.
      return Number(/^cmdstat_get:calls=(\d+)/m.exec(info)?.[1] ?? 0)
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
