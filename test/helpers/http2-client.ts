import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders
} from 'node:http2'
import type { TestContext } from 'node:test'

/** A response over HTTP/2 as it came; fields are names and values in turn. */
export interface Http2Exchanged {
  readonly status: number
  readonly headers: readonly string[]
  /** Whether the stream ended with the head. */
  readonly isHeadOnly: boolean
  /** The interim responses, their `:status` among the fields. */
  readonly informed: readonly (readonly string[])[]
  readonly body: Buffer
  readonly trailers: readonly string[]
  /** How the stream ended; 0 is well. */
  readonly rstCode: number
}

/** What to send besides the header. */
export interface Http2Request {
  /** By default there is none, and the header ends the stream. */
  readonly body?: Buffer | string
  readonly trailers?: OutgoingHttpHeaders
}

/** Opens an HTTP/2 connection to a gateway that goes with the test. */
export async function http2Client(t: TestContext, url: string, ca?: string): Promise<ClientHttp2Session> {
  const session = connect(url, { ...(ca !== undefined && { ca }) })
  t.after(() => session.destroy())
  await once(session, 'connect')
  // A gateway that stops, or breaks a connection, is what some tests are about.
  session.on('error', () => {})
  return session
}

/** Sends a request and reads its response, however that ends. */
export async function exchangeHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  { body, trailers }: Http2Request = {}
): Promise<Http2Exchanged> {
  const hasMore = body !== undefined || trailers !== undefined
  const stream = session.request(headers, { endStream: !hasMore, waitForTrailers: trailers !== undefined })
  if (trailers) stream.once('wantTrailers', () => stream.sendTrailers(trailers))
  if (hasMore) stream.end(body)
  return await readHttp2(stream)
}

/** Reads the response of a stream, however it ends. */
export async function readHttp2(stream: ClientHttp2Stream): Promise<Http2Exchanged> {
  let headers: readonly string[] = []
  let isHeadOnly = false
  let trailers: readonly string[] = []
  const informed: (readonly string[])[] = []
  const chunks: Buffer[] = []
  stream.on('headers', (_headers, _flags, raw: string[]) => informed.push(raw))
  stream.on('response', (_headers, flags, raw: string[]) => {
    headers = raw.slice(2)
    isHeadOnly = (flags & 1) === 1
  })
  stream.on('trailers', (_headers, _flags, raw: string[]) => (trailers = raw))
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  // The code of a reset says it.
  stream.on('error', () => {})
  let status = 0
  stream.on('response', (fields) => (status = fields[':status'] ?? 0))
  await new Promise<void>((resolve) => {
    stream.once('close', () => resolve())
  })
  const body = Buffer.concat(chunks)
  return { status, headers, isHeadOnly, informed, body, trailers, rstCode: stream.rstCode }
}

/** All values of a field, in order. @param flat - Names and values in turn. */
export function valuesIn(flat: readonly string[], name: string): string[] {
  return flat.filter((_, index) => index % 2 === 1 && flat[index - 1] === name)
}
