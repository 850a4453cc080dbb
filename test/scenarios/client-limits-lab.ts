import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type RawConfig, startGateway, type TestGateway } from '../helpers/gateway.ts'
import { localCertificate } from '../helpers/http2-lab.ts'
import { assertLine } from '../helpers/lab.ts'
import { collectLog, type LogLine } from '../helpers/log-lines.ts'
import { tcpClient, tlsClient } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'

/** How clients reach the gateway. */
export type Way = 'plain' | 'TLS' | 'PROXY protocol'

/** All of them. */
export const WAYS: readonly Way[] = ['plain', 'TLS', 'PROXY protocol']

/** Milliseconds beyond a timeout in which it must have fired: two seconds, and some for a busy machine. */
const SLACK = 3_500

/** One connection of a client. */
export interface LabClient {
  readonly text: () => string
  readonly write: (bytes: string) => void
  readonly untilText: (text: string) => Promise<void>
  readonly pause: () => void
  readonly resume: () => void
  readonly end: () => void
  readonly isClosed: () => boolean
  /** Waits until it is closed. @returns Milliseconds since it was opened. */
  readonly closed: Promise<number>
}

/** A gateway that has limits for its clients. */
export interface ClientLab extends TestGateway {
  readonly connect: (t: TestContext, first?: string) => Promise<LabClient>
  readonly lines: (message: string) => LogLine[]
  /** Asserts fields of the access log's next line, where it can be read: without worker threads. */
  readonly assertNextLine: (expected: LogLine) => Promise<LogLine | undefined>
}

/** What differs from the defaults. */
export interface ClientLabOptions {
  readonly way?: Way
  readonly workers?: number
  /** Keys of `server`. */
  readonly server?: RawConfig
  /** Keys of the route `/`. */
  readonly route?: RawConfig
}

/** Starts a gateway whose `server.limits` are these, in front of one backend. */
export async function startClientLab(
  t: TestContext,
  backend: string,
  limits: RawConfig,
  { way = 'plain', workers = 0, server = {}, route = {} }: ClientLabOptions = {}
): Promise<ClientLab> {
  const { log, lines } = collectLog('info')
  const { certificate } = await localCertificate()
  const transport = {
    plain: {},
    TLS: { tls: { certificates: [certificate] } },
    'PROXY protocol': { proxyProtocol: true, trustProxy: ['127.0.0.1'] }
  }[way]
  const gateway = await startGateway(
    t,
    {
      // Its loop is also that of the test, its clients and its backends.
      server: { limits: { maxEventLoopDelay: '0s', ...limits }, ...transport, ...server },
      // Threads write their own.
      log: { level: workers === 0 ? 'info' : 'silent' },
      upstreams: { lab: { backends: [backend] } },
      routes: [{ path: '/', upstream: 'lab', ...route }]
    },
    { workers, log }
  )
  const port = Number(new URL(gateway.url).port)
  let read = 0
  return {
    ...gateway,
    lines,
    connect: async (sub, first = way === 'PROXY protocol' ? proxyHeader('192.0.2.1') : '') =>
      await connect(sub, port, way === 'TLS', first),
    assertNextLine: async (expected) => {
      if (workers > 0) return undefined
      await until('the request was logged', () => lines('request').length > read)
      const line = lines('request')[read++]!
      assertLine(line, expected)
      return line
    }
  }
}

/** What a proxy writes in front of a client's bytes. */
export function proxyHeader(address: string): string {
  return `PROXY TCP4 ${address} 192.0.2.2 1234 80\r\n`
}

/** A request whose body is one byte of ten so far. */
export function beginUpload(path = '/'): string {
  return `PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx`
}

/** A whole request. */
export function get(path = '/', ...fields: string[]): string {
  return ['GET ' + path + ' HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n')
}

/** Asserts that a timeout fired neither early nor late. */
export function assertFired(took: number, timeout: number): void {
  assert.ok(took > timeout - 50, `it fired after ${took} ms, before ${timeout}`)
  assert.ok(took < timeout + SLACK, `it fired after ${took} ms, long after ${timeout}`)
}

async function connect(t: TestContext, port: number, isSecure: boolean, first: string): Promise<LabClient> {
  // The gateway may count from here on.
  const opened = performance.now()
  const socket = isSecure
    ? (await tlsClient(t, port, { ALPNProtocols: ['http/1.1'] })).socket
    : await tcpClient(t, port)
  let text = ''
  if (!isSecure) socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  const closed = new Promise<number>((resolve) => {
    socket.once('close', () => resolve(performance.now() - opened))
  })
  if (first !== '') socket.write(first, 'latin1')
  return {
    text: () => text,
    write: (bytes) => void socket.write(bytes, 'latin1'),
    untilText: (wanted) => until(`"${wanted}" came, not only "${text}"`, () => text.includes(wanted)),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.destroy(),
    isClosed: () => socket.closed,
    closed
  }
}
