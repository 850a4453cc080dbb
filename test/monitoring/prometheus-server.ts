import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parse, stringify } from 'yaml'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { freePort } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'
import { MONITORING } from './rules-file.ts'

/** One series of an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A real Prometheus that scrapes every second. */
export interface TestPrometheus {
  /** Where its configuration stands. */
  readonly file: string
  /** Asks for the value of an expression now. */
  readonly query: (expression: string) => Promise<Series[]>
  /** What its page of targets says. */
  readonly targets: () => Promise<readonly { readonly health: string; readonly lastError: string }[]>
  /** Errors of rules, as its page of rules shows them. */
  readonly ruleErrors: () => Promise<string[]>
}

interface ScrapeConfig {
  readonly authorization: { credentials_file: string }
  static_configs: { targets: string[] }[]
}

interface Configuration {
  global: Record<string, string>
  readonly scrape_configs: readonly ScrapeConfig[]
}

/**
 * Starts Prometheus as `monitoring/prometheus.yml` says, but faster, with its data in a folder of the test's; it is
 * killed with the test.
 *
 * @param target - `host:port` of an admin API.
 */
export async function startPrometheus(
  t: TestContext,
  target: string,
  token: string
): Promise<TestPrometheus> {
  const rules = await readFile(join(MONITORING, 'rules.yml'), 'utf8')
  const folder = await temporaryFolder(t, { 'rules.yml': rules, token })
  const configuration = parse(await readFile(join(MONITORING, 'prometheus.yml'), 'utf8')) as Configuration
  configuration.global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }
  const [scrape] = configuration.scrape_configs
  scrape!.authorization.credentials_file = join(folder, 'token')
  scrape!.static_configs = [{ targets: [target] }]
  const file = join(folder, 'prometheus.yml')
  await writeFile(file, stringify(configuration))
  const { child, url } = await start(t, file, folder)
  const ask = async <T>(path: string): Promise<T> => {
    const { data } = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { data: T }
    return data
  }
  await until('Prometheus answers', async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}`)
    return await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false
    )
  })
  return {
    file,
    query: async (expression) => {
      const { result } = await ask<{ result: { metric: Series['metric']; value: [number, string] }[] }>(
        `query?query=${encodeURIComponent(expression)}`
      )
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
    targets: async () => {
      const { activeTargets } = await ask<{ activeTargets: { health: string; lastError: string }[] }>(
        'targets'
      )
      return activeTargets
    },
    ruleErrors: async () => {
      const { groups } = await ask<{ groups: { rules: { name: string; lastError?: string }[] }[] }>('rules')
      const all = groups.flatMap(({ rules: some }) => some)
      return all.flatMap(({ name, lastError }) => (lastError ? [`${name}: ${lastError}`] : []))
    }
  }
}

async function start(
  t: TestContext,
  file: string,
  folder: string
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const port = await freePort()
  const words = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`
  ]
  const child = spawn('prometheus', words, { stdio: 'ignore' })
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return { child, url: `http://127.0.0.1:${port}` }
}
