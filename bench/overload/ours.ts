import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../support/free-port.ts'
import { PinnedProcess, PROXY_CORE } from '../support/pinned-process.ts'
import type { Contestant, ProxySetup, StartedProxy } from './contestants.ts'
import { CLASSES } from './scenario.ts'
import { BUILT_CLI } from '../support/build-project.ts'

/** What differs between ours and ours. */
export interface GatewayOptions {
  readonly name: string
  readonly title: string
  /** The group's; undefined = as many as come. */
  readonly concurrency: object | undefined
  readonly workers: number
  /** The command line's file; undefined = that of `dist/`. */
  readonly cli: string | undefined
}

const GROUP = 'shop'

/** The gateway as it is installed, with a route per class, and an access log, from which it is seen when 503s left. */
export function gateway(options: GatewayOptions): Contestant {
  const { name, title } = options
  return { name, title, start: (setup) => start(options, setup) }
}

async function start(options: GatewayOptions, setup: ProxySetup): Promise<StartedProxy> {
  const { title, concurrency, cli = BUILT_CLI } = options
  const { folder } = setup
  const file = join(folder, 'gateway.yaml')
  const accessLog = join(folder, 'access.log')
  const adminPort = await freePort()
  await writeFile(file, stringify(config(options, setup, adminPort)))
  const command = [process.execPath, cli, 'start', '--config', file] as const
  const server = new PinnedProcess({ name: title, core: PROXY_CORE, command, folder, stdout: accessLog })
  await server.answers(`http://127.0.0.1:${adminPort}/readyz`)
  return {
    server,
    accessLog,
    ...(concurrency !== undefined && { limit: () => limitOf(`http://127.0.0.1:${adminPort}`) })
  }
}

function config({ concurrency, workers }: GatewayOptions, setup: ProxySetup, adminPort: number): object {
  const { port, backends } = setup
  return {
    server: { host: '127.0.0.1', port, workers, shutdown: { delay: '0s', timeout: '5s' } },
    admin: { port: adminPort },
    log: { level: 'info', access: true },
    upstreams: {
      [GROUP]: {
        balancing: 'least-connections',
        backends,
        retry: { attempts: 1 },
        ...(concurrency !== undefined && { concurrency })
      }
    },
    routes: CLASSES.map((name) => ({
      name,
      path: `/${name}`,
      upstream: GROUP,
      ...(concurrency !== undefined && { priority: name })
    }))
  }
}

/** The group's limit as its admin API tells it. */
async function limitOf(adminUrl: string): Promise<number | undefined> {
  const response = await fetch(`${adminUrl}/api/upstreams/${GROUP}`, { signal: AbortSignal.timeout(1_000) })
  const { concurrency } = (await response.json()) as { concurrency: { limit: number } | null }
  return concurrency?.limit
}
