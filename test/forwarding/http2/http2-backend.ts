import { once } from 'node:events'
import {
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import {
  Http2Connection,
  type Http2ConnectionSettings
} from '../../../src/forwarding/http2/http2-connection.ts'

/** A backend of node:http2. */
export interface Http2Backend {
  readonly url: string
  /** Sessions that are open. */
  readonly sessions: Set<ServerHttp2Session>
  /** Streams that are open. */
  readonly streams: Set<ServerHttp2Stream>
  /** How many of either there ever were. */
  readonly opened: { sessions: number; streams: number }
}

/** What answers a stream. */
export type StreamHandler = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  raw: readonly string[]
) => void

/** Starts a backend by prior knowledge; with a certificate, by ALPN. */
export async function startHttp2Backend(
  t: TestContext,
  onStream: StreamHandler = (stream) => stream.respond({ ':status': 200 }, { endStream: true }),
  options: ServerOptions & SecureServerOptions = {}
): Promise<Http2Backend> {
  const secure = options.cert !== undefined
  const server = secure ? createSecureServer(options) : createServer(options)
  const sessions = new Set<ServerHttp2Session>()
  const streams = new Set<ServerHttp2Stream>()
  const opened = { sessions: 0, streams: 0 }
  server.on('session', (session) => {
    opened.sessions++
    sessions.add(session)
    session.on('error', () => {})
    session.once('close', () => sessions.delete(session))
  })
  server.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      opened.streams++
      streams.add(stream)
      stream.on('error', () => {})
      stream.once('close', () => streams.delete(stream))
      onStream(stream, headers, raw)
    }
  )
  server.on('sessionError', () => {})
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`, sessions, streams, opened }
}

/** Connections that go with the test. */
export function connectTo(
  t: TestContext,
  url: string,
  settings: Partial<Http2ConnectionSettings> = {}
): Http2Connection {
  const connection = new Http2Connection(url, { connectTimeout: 20_000, keepAlive: 60_000, ...settings })
  t.after(() => connection.destroy())
  return connection
}
