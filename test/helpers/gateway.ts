import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { stringify } from 'yaml'
import type { BackendView, GroupView } from '../../src/admin/upstreams.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Gateway } from '../../src/gateway.ts'

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
}

/** Writes a configuration file into a folder of its own that goes with the test. */
export async function writeConfig(t: TestContext, config: RawConfig | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
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
      ...(server as object)
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
  { workers = 0, workerEntry }: TestGatewayOptions = {}
): Promise<TestGateway> {
  const file = await writeConfig(t, withTestDefaults(config, workers))
  const loaded = await loadConfig(file)
  const log = pino({ level: loaded.log.level })
  const gateway = await Gateway.start({ config: loaded, log, ...(workerEntry && { workerEntry }) })
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
    group: async (name) =>
      (await (await fetch(`${gateway.adminUrl}/api/upstreams/${name}`)).json()) as GroupView
  }
}

/** A backend of a group by its url. */
export function backendOf(group: GroupView, url: string): BackendView {
  const backend = group.backends.find((candidate) => candidate.url === url)
  if (!backend) throw new Error(`the group has no backend ${url}`)
  return backend
}
