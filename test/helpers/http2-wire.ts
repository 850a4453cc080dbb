import type { OutgoingHttpHeaders } from 'node:http2'
import type { TestContext } from 'node:test'
import { type RawBackend, type RawConnection, startRawBackend } from '../forwarding/http1/raw-backend.ts'
import { exchangeHttp2, type Http2Exchanged, type Http2Request } from './http2-client.ts'
import { forwardAll, type Http2Lab, startHttp2Lab } from './http2-lab.ts'
import { TRACE, withoutTraceIds } from './trace-field.ts'
import { until } from './until.ts'

/** A request for `shop.test` with the id `t`, and how the backend answers it. */
export interface WireRequest extends Http2Request {
  /** The backend's response, byte for byte. */
  readonly answer?: string
  /** The backend answers when this has come; by default the request's head. */
  readonly once?: string
}

/** A gateway between a client of HTTP/2 and a backend that speaks bytes. */
export interface Http2Wire {
  readonly lab: Http2Lab
  readonly backend: RawBackend
  /** Sends a request. @returns Its response, and what the backend got, as latin1. */
  readonly exchange: (
    headers: OutgoingHttpHeaders,
    request?: WireRequest
  ) => Promise<Http2Exchanged & { readonly received: string }>
}

/** Makes a response with a date that never changes. */
export function answer(line: string, ...fields: string[]): string {
  return `HTTP/1.1 ${line}\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
}

/** The smallest whole response. */
export const OK = `${answer('200 OK', 'Content-Length: 2')}ok`

/** What the client gets of the header of {@link answer}: names and values in turn. */
export function returned(...fields: string[]): string[] {
  return ['date', 'Sat, 01 Jan 2000 00:00:00 GMT', ...fields, 'x-request-id', 't']
}

/** What the backend gets of a request's head. */
export function received(
  line: string,
  fields: readonly string[] = [],
  framing: readonly string[] = []
): string {
  const added = [
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: shop.test',
    TRACE,
    'X-Request-Id: t',
    'Via: 2.0 xecureapi'
  ]
  const lines = [`${line} HTTP/1.1`, 'host: shop.test', ...fields, ...added, ...framing]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Starts both, and stops them with the test. */
export async function startHttp2Wire(t: TestContext): Promise<Http2Wire> {
  let current: Required<Pick<WireRequest, 'answer' | 'once'>> = { answer: OK, once: '\r\n\r\n' }
  const answerInTime = async ({ received, send }: RawConnection, start: number): Promise<void> => {
    const { answer, once } = current
    await until(`${JSON.stringify(once)} came`, () => received().slice(start).includes(once))
    send(answer)
  }
  const backend = await startRawBackend(t, (connection, head) => {
    // The end of a chunked body looks like the end of a head.
    if (/^\S+ \S+ HTTP\/1\.1\r\n/.test(head))
      void answerInTime(connection, connection.received().lastIndexOf(head))
  })
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  return {
    lab,
    backend,
    exchange: async (headers, { answer: bytes = OK, once = '\r\n\r\n', ...request } = {}) => {
      current = { answer: bytes, once }
      const seen = backend.connections.map((connection) => connection.received().length)
      const fields = { ':authority': 'shop.test', 'x-request-id': 't', ...headers }
      const response = await exchangeHttp2(lab.session, fields, request)
      const fresh = backend.connections.map((each, index) => each.received().slice(seen[index] ?? 0))
      return { ...response, received: withoutTraceIds(fresh.join('')) }
    }
  }
}
