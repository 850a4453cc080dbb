import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
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
  /** More words of its command line. */
  readonly args?: readonly string[]
}

/** Starts a Redis on a free port; it is killed with the test. */
export async function startRedis(t: Cleanup, options: TestRedisOptions = {}): Promise<TestRedis> {
  const { password, isDown = false, args = [] } = options
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-redis-'))
  const port = await freePort()
  const login = password === undefined ? '' : `:${password}@`
  const url = `redis://${login}127.0.0.1:${port}`
  const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {})
  const words = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--dir', folder, ...args]
  if (password !== undefined) words.push('--requirepass', password)
  let server: { readonly child: ChildProcess; readonly closed: Promise<unknown> } | undefined
  const kill = async (): Promise<void> => {
    server?.child.kill('SIGKILL')
    await server?.closed
    server = undefined
  }
  const restart = async (): Promise<void> => {
    await kill()
    const child = spawn('redis-server', words, { stdio: 'ignore' })
    server = { child, closed: once(child, 'close') }
    await until('Redis answers', async () => {
      if (child.exitCode !== null) throw new Error(`Redis ended with ${child.exitCode}`)
      return client.status === 'ready' && (await client.info('server')).includes(`process_id:${child.pid}\r`)
    })
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
    pause: () => void server?.child.kill('SIGSTOP'),
    resume: () => void server?.child.kill('SIGCONT'),
    decisions: async () => {
      const info = await client.info('commandstats')
      // The script of a decision writes its key, whatever it decides; the registry's look around only reads.
      return Number(/^cmdstat_set:calls=(\d+)/m.exec(info)?.[1] ?? 0)
    }
  }
}

/**
 * A port below those that systems give to outgoing connections: one of them, even of who tries to come back to this very
 * port, could take it while Redis is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
