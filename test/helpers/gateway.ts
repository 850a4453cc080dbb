import './compile-cache.ts'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Logger, pino } from 'pino'
import { parse, stringify } from 'yaml'
import type { BackendView, GroupView } from '../../src/admin/upstreams.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Gateway } from '../../src/gateway.ts'
import type { GatewayEvent } from '../../src/telemetry/events.ts'
import { scannedLog } from './log-lines.ts'
import { registerSecretsOf } from './secret-scan.ts'
import { until } from './until.ts'

/** A configuration as it is written, of any shape. */
export type RawConfig = Record<string, unknown>

/** A gateway of a test with its configuration file. */
export interface TestGateway {
  readonly gateway: Gateway
  readonly url: string
  readonly adminUrl: string
  readonly file: string
  /** Replaces the configuration file at once, as editors do. */
  readonly write: (config: RawConfig | string) => Promise<void>
  /** The admin API's view of a group. */
  readonly group: (name: string) => Promise<GroupView>
}

/** How a test's gateway is started. */
export interface TestGatewayOptions {
  readonly workers?: number
  readonly workerEntry?: URL
  /** Heap limit of a worker, in MiB. */
  readonly workerHeap?: number
  /** By default one that writes nothing, but notices secrets; of the configured level if one is. */
  readonly log?: Logger
}

/**
 * The numbers of worker threads that scenarios are run with: on the control plane's own thread, and on threads that share
 * all. A single worker, which has nobody to share with, is for `npm run test:long`.
 */
export const WORKER_COUNTS: readonly (0 | 1 | 2)[] = process.env['XECUREAPI_ONE_WORKER'] ? [1] : [0, 2]

/** Writes a configuration file into a folder of its own that goes with the test. */
export async function writeConfig(t: TestContext, config: RawConfig | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const file = join(folder, 'gateway.yaml')
  await writeFile(file, typeof config === 'string' ? config : stringify(config))
  return file
}

/** Fills in listeners on free loopback ports, quiet logs and quick stops. */
export function withTestDefaults(config: RawConfig, workers: number): RawConfig {
  const { server, admin, log, ...rest } = config
  return {
    server: {
      host: '127.0.0.1',
      port: 0,
      workers,
      shutdown: { delay: '0s', timeout: '5s' },
      ...(server as object),
      // Its loop may also be that of the test, its clients and its backends.
      limits: { maxEventLoopDelay: '0s', ...(server as { limits?: object } | undefined)?.limits }
    },
    admin: { port: 0, ...(admin as object) },
    log: { level: 'silent', ...(log as object) },
    ...rest
  }
}

/** Starts a gateway in this process that stops with the test. */
export async function startGateway(
  t: TestContext,
  config: RawConfig,
  options: TestGatewayOptions = {}
): Promise<TestGateway> {
  const file = await writeConfig(t, withTestDefaults(config, options.workers ?? 0))
  return await startGatewayFrom(t, file, options)
}

/** Starts a gateway from a configuration file that is there. */
export async function startGatewayFrom(
  t: TestContext,
  file: string,
  { workers = 0, log, ...options }: TestGatewayOptions = {}
): Promise<TestGateway> {
  registerSecretsOf(parse(await readFile(file, 'utf8')))
  const loaded = await loadConfig(file)
  const { level } = loaded.log
  const gateway = await Gateway.start({
    config: loaded,
    log: log ?? (level === 'silent' ? scannedLog() : pino({ level })),
    ...options
  })
  t.after(() => gateway.stop(0))
  return {
    gateway,
    url: gateway.url,
    adminUrl: gateway.adminUrl,
    file,
    write: async (next) => {
      const temporary = `${file}.new`
      await writeFile(temporary, typeof next === 'string' ? next : stringify(withTestDefaults(next, workers)))
      await rename(temporary, file)
    },
    group: async (name) => await readAdmin<GroupView>(gateway, `/api/upstreams/${name}`)
  }
}

/** Reads a document of the admin API. */
export async function readAdmin<T>(gateway: Gateway, path: string): Promise<T> {
  return (await (await fetch(`${gateway.adminUrl}${path}`)).json()) as T
}

/** Attempts in flight over all backends of all groups. */
export async function inFlight(gateway: Gateway): Promise<number> {
  const groups = await readAdmin<GroupView[]>(gateway, '/api/upstreams')
  return groups.flatMap((group) => group.backends).reduce((sum, backend) => sum + backend.inFlight, 0)
}

/** Waits until nothing is in flight at any backend. */
export async function untilIdle(gateway: Gateway): Promise<void> {
  await until('nothing is in flight', async () => (await inFlight(gateway)) === 0)
}

/** Collects the events of a type, those that were before and those to come. */
export function collectEvents<T extends GatewayEvent['type']>(
  gateway: Gateway,
  type: T
): Extract<GatewayEvent, { type: T }>[] {
  const found: Extract<GatewayEvent, { type: T }>[] = []
  const take = (event: GatewayEvent): void => {
    if (event.type === type) found.push(event as Extract<GatewayEvent, { type: T }>)
  }
  gateway.events.after(0).forEach(take)
  gateway.events.on('event', take)
  return found
}

/** A backend of a group by its url. */
export function backendOf(group: GroupView, url: string): BackendView {
  const backend = group.backends.find((candidate) => candidate.url === url)
  if (!backend) throw new Error(`the group has no backend ${url}`)
  return backend
}
