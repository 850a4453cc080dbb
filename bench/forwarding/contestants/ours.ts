import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../support/free-port.ts'
import { PinnedProcess, PROXY_CORE } from '../../support/pinned-process.ts'
import type { Contestant, ProxySetup } from './contestant.ts'
import { BUILT_CLI } from '../../support/build-project.ts'

/** What may differ between gateways in one run. */
export interface GatewayOptions {
  readonly name: string
  readonly title: string
  /** The command line's file; by default that of `dist/`. */
  readonly cli?: string
  readonly workers?: number
  /** Paths of the routes; by default one that takes all. */
  readonly routes?: readonly string[]
  /** How many backends it is given; by default 3. */
  readonly backends?: number
  /** Time between two probes of a backend. */
  readonly probeEvery?: string
  /** How often its metrics are asked for, in milliseconds; by default never. */
  readonly scrapeEvery?: number
  /** Further keys of the configuration. */
  readonly more?: object
  /** Options of Node. */
  readonly nodeOptions?: readonly string[]
}

/**
 * The gateway as it is installed: active health checks, least-connections, live state and request ids. One worker beside
 * the control plane is what `workers: auto` means on a machine of one core.
 */
export function gateway(options: GatewayOptions): Contestant {
  return {
    name: options.name,
    title: options.title,
    logs: true,
    ...(options.backends !== undefined && { backends: options.backends }),
    start: (setup) => start(options, setup)
  }
}

async function start(options: GatewayOptions, setup: ProxySetup): Promise<PinnedProcess> {
  const { cli = BUILT_CLI, nodeOptions = [] } = options
  const file = join(setup.folder, 'gateway.yaml')
  const adminPort = await freePort()
  await writeFile(file, stringify(config(options, setup, adminPort)))
  const server = new PinnedProcess({
    name: options.title,
    core: PROXY_CORE,
    command: [process.execPath, ...nodeOptions, cli, 'start', '--config', file],
    folder: setup.folder,
    ...(setup.accessLog !== undefined && { stdout: setup.accessLog })
  })
  await server.answers(`http://127.0.0.1:${adminPort}/readyz`)
  if (options.scrapeEvery !== undefined)
    scrapeAt(`http://127.0.0.1:${adminPort}/metrics`, options.scrapeEvery)
  return server
}

/** Until nobody answers any more. */
function scrapeAt(url: string, interval: number): void {
  const timer = setInterval(() => {
    fetch(url)
      .then((response) => response.text())
      .catch(() => clearInterval(timer))
  }, interval)
}

function config(options: GatewayOptions, setup: ProxySetup, adminPort: number): object {
  const { workers = 1, routes = ['/'], probeEvery = '2s' } = options
  return {
    server: {
      host: '127.0.0.1',
      port: setup.port,
      workers,
      shutdown: { delay: '0s', timeout: '5s' }
    },
    admin: { port: adminPort },
    log: { level: 'info', access: setup.accessLog !== undefined },
    upstreams: {
      catalog: {
        balancing: 'least-connections',
        backends: setup.backends,
        healthCheck: { path: '/1k', interval: probeEvery }
      }
    },
    routes: routes.map((path, index) => ({ name: `route-${index}`, path, upstream: 'catalog' })),
    ...options.more
  }
}
