import type { ClientHttp2Session } from 'node:http2'
import type { TestContext } from 'node:test'
import { type Authority, createAuthority, type IssuedCertificate } from './certificates.ts'
import { type RawConfig, startGateway, type TestGateway, untilIdle } from './gateway.ts'
import { http2Client } from './http2-client.ts'
import { collectLog, type LogLine } from './log-lines.ts'
import { until } from './until.ts'

/** A gateway whose clients speak HTTP/2 over TLS, and what a test needs to watch it. */
export interface Http2Lab extends TestGateway {
  /** PEM of the authority that its certificate is of. */
  readonly ca: string
  /** A connection to the gateway. */
  readonly session: ClientHttp2Session
  /** The access log's next line: each line is returned once. */
  readonly nextLine: () => Promise<LogLine>
  /** Lines of the access log so far. */
  readonly logged: () => number
  /** Waits until nothing is in flight any more. */
  readonly untilIdle: () => Promise<void>
}

let issuing: Promise<{ authority: Authority; certificate: IssuedCertificate }> | undefined

/** A certificate for `localhost` and 127.0.0.1 with its authority: the same for all tests of a file. */
export async function localCertificate(): Promise<{ ca: string; certificate: IssuedCertificate }> {
  issuing ??= createAuthority().then(async (authority) => ({
    authority,
    certificate: await authority.issue(['localhost', '127.0.0.1'])
  }))
  const { authority, certificate } = await issuing
  return { ca: authority.ca, certificate }
}

/** A configuration with one group, `lab`, behind the route `/`. */
export function forwardAll(backend: string, group: RawConfig = {}, route: RawConfig = {}): RawConfig {
  return {
    upstreams: { lab: { backends: [backend], ...group } },
    routes: [{ path: '/', upstream: 'lab', ...route }]
  }
}

/** Starts a gateway of these groups and routes. */
export async function startHttp2Lab(t: TestContext, config: RawConfig, workers = 0): Promise<Http2Lab> {
  const { ca, certificate } = await localCertificate()
  const { log, lines } = collectLog('info')
  const server = { tls: { certificates: [certificate] } }
  const gateway = await startGateway(t, { server, log: { level: 'info' }, ...config }, { workers, log })
  let read = 0
  return {
    ...gateway,
    ca,
    session: await http2Client(t, gateway.url, ca),
    nextLine: async () => {
      await until('the request was logged', () => lines('request').length > read)
      return lines('request')[read++]!
    },
    logged: () => lines('request').length,
    untilIdle: () => untilIdle(gateway.gateway)
  }
}
