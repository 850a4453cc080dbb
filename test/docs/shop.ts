import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { layoutOf } from '../../examples/marketplace/layout.ts'
import { buildService } from '../../examples/marketplace/service.ts'
import { memoryStore } from '../../examples/marketplace/store.ts'
import type { BackendView, GroupView } from '../../src/admin/upstreams.ts'
import { loadConfig } from '../../src/config/load.ts'
import { until } from '../helpers/until.ts'
import { ROOT } from './documents.ts'
import { PortMap, portsIn } from './port-map.ts'

/** The marketplace that `npm run demo` opens, on ports of its own: for all documents that talk to it. */
export interface Shop {
  readonly ports: PortMap
  /** Lets back what a document took out, and takes out what it let in. */
  readonly tidy: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens it: the replicas in this process, since what they cost to start is not what documents are about. */
export async function openShop(folder: string, env: NodeJS.ProcessEnv, ports: PortMap): Promise<Shop> {
  const file = join(folder, 'gateway.yaml')
  const store = memoryStore()
  const replicas: FastifyInstance[] = []
  const closeReplicas = async (): Promise<void> =>
    void (await Promise.all(replicas.map((app) => app.close())))
  try {
    for (const { kind, name, host, port } of layoutOf(await loadConfig(file)).replicas) {
      const app = await buildService(kind, { name, store })
      replicas.push(app)
      await app.listen({ host, port })
    }
    const gateway = await startGateway(file, folder, env)
    return {
      ports,
      tidy: () => tidy(`http://127.0.0.1:${ports.of(9090)}`),
      close: async () => {
        await stop(gateway)
        await closeReplicas()
      }
    }
  } catch (error) {
    await closeReplicas()
    throw error
  }
}

async function stop(gateway: ChildProcess): Promise<void> {
  if (gateway.exitCode !== null || gateway.signalCode !== null) return
  const ended = once(gateway, 'exit')
  gateway.kill()
  await ended
}

/** The ports that the demo's configuration names. */
export async function shopPorts(): Promise<PortMap> {
  return await PortMap.for(portsIn(await readFile(join(ROOT, 'gateway.yaml'), 'utf8')))
}

async function startGateway(file: string, cwd: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const gateway = spawn(process.execPath, [join(ROOT, 'src/cli.ts'), 'start', '--config', file], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let printed = ''
  for (const stream of [gateway.stdout, gateway.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
  }
  try {
    await until('the shop is open', () => {
      if (gateway.exitCode !== null) throw new Error(printed)
      return /^xecureapi serves /m.test(printed)
    })
    return gateway
  } catch (error) {
    await stop(gateway)
    throw error
  }
}

async function tidy(admin: string): Promise<void> {
  const call = async (method: string, path: string, body?: unknown): Promise<void> => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetch(`${admin}${path}`, { method, headers, body: JSON.stringify(body) })
    await response.body?.cancel()
  }
  const groups = (await (await fetch(`${admin}/api/upstreams`)).json()) as GroupView[]
  for (const { name, backends } of groups) {
    for (const backend of backends)
      await tidyBackend(`/api/upstreams/${name}/backends/${backend.id}`, backend, call)
  }
  await call('PUT', '/api/log', { level: 'info' })
}

async function tidyBackend(
  path: string,
  { source, state }: BackendView,
  call: (method: string, path: string, body?: unknown) => Promise<void>
): Promise<void> {
  if (source === 'registration') await call('DELETE', `${path}?now=true`)
  else if (state !== 'active') await call('PATCH', path, { state: 'active' })
}
