import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../support/free-port.ts'
import { PinnedProcess, PROXY_CORE } from '../support/pinned-process.ts'

/** The gateway of a run. */
export interface SoakedGateway {
  readonly url: string
  readonly adminUrl: string
  readonly process: PinnedProcess
  /** Lines of its log above information, and what is no line. */
  readonly odd: () => Promise<string[]>
}

const WARN = 40

/** How long it keeps an idle connection to a backend, in milliseconds: so it shows at the end that all are closed. */
export const KEEP_ALIVE = 5_000

/** Starts it on a core of its own. @param cli - File of the command line. */
export async function startSoaked(
  cli: string,
  backends: readonly string[],
  parent: string
): Promise<SoakedGateway> {
  const folder = join(parent, 'gateway')
  await mkdir(folder)
  const [port, adminPort] = [await freePort(), await freePort()]
  const file = join(folder, 'gateway.yaml')
  const stdout = join(folder, 'log')
  const config = {
    server: { host: '127.0.0.1', port, workers: 1, shutdown: { delay: '0s', timeout: '5s' } },
    admin: { port: adminPort },
    store: { path: join(folder, 'store') },
    // A line for each request would be gigabytes.
    log: { access: { sample: 0.001, slow: '10s' } },
    rateLimit: { limit: 1_000_000, per: '1s', key: 'ip' },
    upstreams: {
      shop: {
        balancing: 'least-connections',
        backends,
        healthCheck: { path: '/1k' },
        outlierDetection: {},
        circuitBreaker: {},
        concurrency: { mode: 'static', max: 5_000 },
        connections: { keepAlive: `${KEEP_ALIVE}ms` }
      }
    },
    routes: [{ name: 'all', path: '/', upstream: 'shop' }]
  }
  await writeFile(file, stringify(config))
  const command = [process.execPath, cli, 'start', '--config', file] as const
  const gateway = new PinnedProcess({ name: 'the gateway', core: PROXY_CORE, command, folder, stdout })
  const adminUrl = `http://127.0.0.1:${adminPort}`
  await gateway.answers(`${adminUrl}/readyz`)
  return { url: `http://127.0.0.1:${port}`, adminUrl, process: gateway, odd: () => oddLines(stdout) }
}

async function oddLines(log: string): Promise<string[]> {
  const lines = (await readFile(log, 'utf8')).split('\n')
  return lines.filter((line) => {
    if (line === '' || line.startsWith('xecureapi serves ')) return false
    return !line.startsWith('{') || Number((JSON.parse(line) as { level: unknown }).level) >= WARN
  })
}
