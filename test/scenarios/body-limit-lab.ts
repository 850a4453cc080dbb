import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from '../helpers/backend.ts'
import { type RawConfig, startGateway, type TestGateway } from '../helpers/gateway.ts'
import { collectLog, type LogLine } from '../helpers/log-lines.ts'
import { until } from '../helpers/until.ts'

/** The limit that tests set, in bytes. */
export const LIMIT = 1000

/** A backend that reads bodies whole and says how long they were. */
export interface MeasuringBackend extends TestBackend {
  /** Lengths of the bodies that came whole. */
  readonly whole: number[]
  /** Requests that broke off. */
  readonly broken: () => number
}

/** Starts a backend that answers `got N` to a body of N bytes. */
export async function startMeasuringBackend(t: TestContext, name = 'a'): Promise<MeasuringBackend> {
  const whole: number[] = []
  let broken = 0
  const backend = await startBackend(t, name, (request, response) => {
    let length = 0
    request.on('data', (chunk: Buffer) => (length += chunk.length))
    request.on('end', () => {
      whole.push(length)
      response.setHeader('x-served-by', name)
      response.end(`got ${length}`)
    })
    request.on('error', () => broken++)
  })
  return { ...backend, whole, broken: () => broken }
}

/** A gateway and its access log. */
export interface LimitedGateway extends TestGateway {
  /** The access log's next line, without workers: each line is returned once. */
  readonly nextLine: () => Promise<LogLine>
}

/** Starts a gateway whose `server.limits` are these. */
export async function startLimited(
  t: TestContext,
  limits: RawConfig,
  { server, ...config }: RawConfig,
  workers = 0
): Promise<LimitedGateway> {
  const { log, lines } = collectLog('info')
  const gateway = await startGateway(
    t,
    // Threads write their lines to standard output.
    {
      server: { limits, ...(server as object) },
      log: { level: workers === 0 ? 'info' : 'silent' },
      ...config
    },
    { workers, log }
  )
  let read = 0
  return {
    ...gateway,
    nextLine: async () => {
      await until('the request was logged', () => lines('request').length > read)
      return lines('request')[read++]!
    }
  }
}

/** A body of so many bytes as one chunk, without the end of the body. */
export function chunk(size: number): string {
  return `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`
}

/** The end of a chunked body. */
export const LAST_CHUNK = '0\r\n\r\n'
