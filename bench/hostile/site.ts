import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { IssuedCertificate } from '../../test/helpers/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { LOAD_CORE, PinnedProcess, PROXY_CORE } from '../support/pinned-process.ts'

/** A gateway in a process of its own. */
export interface Site {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** File of its log. */
  readonly log: string
  /** @throws Error when it has ended. */
  checkRuns(): void
  stop(): Promise<void>
}

/** What the gateway of the benchmark allows its clients: less than usual, so that it shows within seconds. */
export const LIMITS = {
  headersTimeout: '3s',
  requestTimeout: '6s',
  keepAliveTimeout: '5s',
  sendTimeout: '3s',
  maxConnections: 2_500,
  bodyLimit: '1MiB'
} as const

/** Paths that ordinary clients ask for. */
export const PATHS = ['/', '/limited'] as const

/** Starts the backend. @returns Its URL. */
export async function startBackend(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, 'backend-'))
  const port = await freePort()
  const script = fileURLToPath(new URL('./backend.ts', import.meta.url))
  const command = [process.execPath, script, String(port)] as const
  const backend = new PinnedProcess({ name: 'the backend', core: LOAD_CORE, command, folder })
  const url = `http://127.0.0.1:${port}`
  await backend.answers(`${url}/`)
  return url
}

/**
 * Starts a gateway, with TLS if it has a certificate. @param cli - The file of its command line.
 */
export async function startSite(
  cli: string,
  backend: string,
  parent: string,
  certificate?: IssuedCertificate
): Promise<Site> {
  const folder = await mkdtemp(join(parent, 'gateway-'))
  const [port, adminPort] = [await freePort(), await freePort()]
  const file = join(folder, 'gateway.yaml')
  const log = join(folder, 'log')
  const config = {
    server: {
      host: '127.0.0.1',
      port,
      workers: 1,
      limits: LIMITS,
      shutdown: { delay: '0s', timeout: '1s' },
      ...(certificate && { tls: { certificates: [certificate] } })
    },
    admin: { port: adminPort },
    upstreams: { shop: { backends: [backend] } },
    routes: [
      { name: 'all', path: '/', upstream: 'shop' },
      // Far more than an ordinary client asks for, far less than a flood.
      { name: 'limited', path: '/limited', upstream: 'shop', rateLimit: { limit: 100, per: '1s', key: 'ip' } }
    ]
  }
  await writeFile(file, stringify(config))
  const command = [process.execPath, cli, 'start', '--config', file] as const
  const gateway = new PinnedProcess({ name: 'the gateway', core: PROXY_CORE, command, folder, stdout: log })
  await gateway.answers(`http://127.0.0.1:${adminPort}/readyz`)
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    pid: gateway.pid,
    log,
    checkRuns: () => gateway.checkRuns(),
    stop: async () => void (await gateway.stop())
  }
}
