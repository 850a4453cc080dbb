import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type RawConfig, startGateway, type TestGateway, untilIdle } from './gateway.ts'
import { collectLog, type LogLine } from './log-lines.ts'
import { rawClient, type RawClient } from './raw-client.ts'
import { until } from './until.ts'

/** A gateway with one group behind one route, and what a test needs to watch it. */
export interface Lab extends TestGateway {
  /** Opens a connection to the gateway. */
  readonly client: (t?: TestContext) => Promise<RawClient>
  /** The access log's next line: each line is returned once. */
  readonly nextLine: () => Promise<LogLine>
  /** Asserts that nothing is in flight any more, soon. */
  readonly untilIdle: () => Promise<void>
}

/** What differs from the defaults. */
export interface LabOptions {
  /** Urls, or objects as in the configuration. */
  readonly backends: readonly (string | RawConfig)[]
  /** Keys of the group. */
  readonly group?: RawConfig
  /** Keys of the route `/`. */
  readonly route?: RawConfig
  readonly workers?: number
}

/** Starts a gateway in front of these backends. */
export async function startLab(t: TestContext, options: LabOptions): Promise<Lab> {
  const { backends, group = {}, route = {}, workers = 0 } = options
  const { log, lines } = collectLog('info')
  const gateway = await startGateway(
    t,
    {
      log: { level: 'info' },
      upstreams: { lab: { backends, ...group } },
      routes: [{ path: '/', upstream: 'lab', ...route }]
    },
    { workers, log }
  )
  let read = 0
  return {
    ...gateway,
    client: (sub = t) => rawClient(sub, gateway.url),
    nextLine: async () => {
      await until('the request was logged', () => lines('request').length > read)
      return lines('request')[read++]!
    },
    untilIdle: () => untilIdle(gateway.gateway)
  }
}

/** A request without a body. */
export function get(path = '/', ...fields: string[]): string {
  return message('GET', path, fields, '')
}

/** A request with a body of known length. */
export function post(path: string, body: string, ...fields: string[]): string {
  return message('POST', path, [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`, ...fields], body)
}

/** A request as it stands on the wire. */
export function message(method: string, path: string, fields: readonly string[], body: string): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: gateway.test', ...fields]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** A whole response with a body of known length. */
export function answer(status: number, body = '', ...fields: string[]): string {
  const lines = [`HTTP/1.1 ${status} As It Came`, `Content-Length: ${Buffer.byteLength(body)}`, ...fields]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** Asserts some fields of a log line. */
export function assertLine(line: LogLine, expected: LogLine): void {
  const picked = Object.fromEntries(Object.keys(expected).map((key) => [key, line[key]]))
  assert.deepEqual(picked, expected)
}
