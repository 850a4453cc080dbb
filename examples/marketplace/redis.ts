import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const WITHIN = 10_000

const MISSING =
  'several gateways share a Redis: install redis-server (on Debian: apt-get install redis-server)'

/** A Redis of the demo's own, which keeps nothing. */
export interface DemoRedis {
  readonly url: string
  stop(): Promise<void>
}

/** Starts a Redis on a free port of this machine. @throws Error that says what to install when there is none. */
export async function startRedis(folder: string): Promise<DemoRedis> {
  const port = await freePort()
  const words = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--dir', folder]
  // Ctrl-C in a terminal reaches the demo alone, which stops it after the gateways.
  const child: ChildProcess = spawn('redis-server', words, { stdio: 'ignore', detached: true })
  const failed = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? MISSING : error.message)
    )
    child.once('exit', (code) => resolve(`redis-server ended with ${code}`))
  })
  const late = sleep(WITHIN, `redis-server did not answer within ${WITHIN / 1000} s`, { ref: false })
  const failure = await Promise.race([failed, late, whenAccepting(port)])
  if (failure !== undefined) {
    child.kill('SIGKILL')
    throw new Error(failure)
  }
  const ended = once(child, 'exit')
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await ended
    }
  }
}

async function whenAccepting(port: number): Promise<undefined> {
  while (!(await accepts(port))) await sleep(50, undefined, { ref: false })
  return undefined
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
