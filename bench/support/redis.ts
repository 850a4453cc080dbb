import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { isInstalled } from './machine.ts'
import { LOAD_CORE, PinnedProcess } from './pinned-process.ts'

/** How long it has to start, in milliseconds. */
const START_TIMEOUT = 10_000

/**
 * Starts a Redis that keeps nothing, on the core of clients and backends.
 *
 * @param missing - Is told what to install when there is none.
 * @returns Its URL; undefined when there is none.
 */
export async function startRedis(
  folder: string,
  missing: (line: string) => void
): Promise<string | undefined> {
  if (!isInstalled('redis-server')) {
    missing('limits in Redis are left out: `redis-server` is missing (Debian package redis-server)')
    return undefined
  }
  const port = await freePort()
  const own = join(folder, 'redis')
  await mkdir(own)
  const redis = new PinnedProcess({
    name: 'Redis',
    core: LOAD_CORE,
    command: ['redis-server', '--bind', '127.0.0.1', '--port', String(port), '--save', '', '--dir', own],
    folder: own
  })
  const deadline = performance.now() + START_TIMEOUT
  while (!(await isOpen(port))) {
    redis.checkRuns()
    if (performance.now() > deadline) throw new Error('Redis did not start')
    await delay(50)
  }
  return `redis://127.0.0.1:${port}`
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).finally(() => socket.destroy())
}
