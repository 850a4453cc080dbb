import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from '../helpers/backend.ts'
import { exchange, type Exchanged, type ExchangeOptions } from '../helpers/exchange.ts'
import {
  type RawConfig,
  startGateway,
  type TestGateway,
  type TestGatewayOptions
} from '../helpers/gateway.ts'
import { collectLog, type LogLine } from '../helpers/log-lines.ts'
import { until } from '../helpers/until.ts'

/** A limit that brings nothing more during a test. @param burst - What comes through. */
export function once(burst: number, more: RawConfig = {}): RawConfig {
  return { limit: 1, per: '1h', burst, ...more }
}

/** Whom a request comes from, and what else it sends. */
export interface Ask extends ExchangeOptions {
  /** Address of the client, as the proxy in front says. */
  readonly from?: string
}

/** A gateway with limits, and a client behind a proxy that it trusts. */
export interface RateLimitLab extends TestGateway {
  readonly backend: TestBackend
  /** Sends a request on a connection of its own. */
  readonly ask: (path?: string, ask?: Ask) => Promise<Exchanged>
  /** Sends so many at once, each on a connection of its own. @returns How many came through; all others are 429. */
  readonly admitted: (count: number, path?: string, ask?: Ask) => Promise<number>
  /** The access log's next line, without workers: each line is returned once. */
  readonly nextLine: () => Promise<LogLine>
}

/** The configuration of {@link startRateLimitLab}. */
export function labConfig(backend: string, { route, ...config }: RawConfig, workers: number): RawConfig {
  return {
    server: { trustProxy: ['127.0.0.0/8'] },
    // Threads write their lines to standard output.
    log: { level: workers === 0 ? 'info' : 'silent' },
    upstreams: { lab: { backends: [backend] } },
    routes: [{ name: 'lab', path: '/', upstream: 'lab', ...(route as object) }],
    ...config
  }
}

/** Starts a gateway with the route `/`, which all requests take. @param config - `route` stands for keys of that. */
export async function startRateLimitLab(
  t: TestContext,
  config: RawConfig,
  { workers = 0, ...options }: TestGatewayOptions = {}
): Promise<RateLimitLab> {
  const backend = await startBackend(t, 'a')
  const { log, lines } = collectLog('info')
  const gateway = await startGateway(t, labConfig(backend.url, config, workers), { workers, log, ...options })
  const ask: RateLimitLab['ask'] = (path = '/', { from = '192.0.2.1', headers, ...rest } = {}) =>
    exchange(gateway.url + path, { ...rest, headers: { 'x-forwarded-for': from, ...headers } })
  let read = 0
  return {
    ...gateway,
    backend,
    ask,
    admitted: async (count, path, from) => {
      const answers = await Promise.all(Array.from({ length: count }, () => ask(path, from)))
      const others = answers.filter(({ status }) => status !== 200 && status !== 429)
      if (others.length > 0) throw new Error(`answered with ${others.map(({ status }) => status).join()}`)
      return answers.filter(({ status }) => status === 200).length
    },
    nextLine: async () => {
      await until('the request was logged', () => lines('request').length > read)
      return lines('request')[read++]!
    }
  }
}
