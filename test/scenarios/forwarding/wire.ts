import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type RawBackend, type RawConnection, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { type RawConfig, startGateway } from '../../helpers/gateway.ts'
import { type RawClient, rawClient } from '../../helpers/raw-client.ts'
import { TRACE, withoutTraceIds } from '../../helpers/trace-field.ts'
import { until } from '../../helpers/until.ts'

/** What a backend does with a request: answers it with these bytes once it is whole, or does as it is told with its head. */
export type Answer = string | ((connection: RawConnection, head: string) => void)

/** What went over both wires of one exchange, as latin1. */
export interface BothWires {
  /** Everything that the backend got. */
  readonly received: string
  /** Everything that the client got. */
  readonly answer: string
}

/** A gateway between a client and a backend that both speak bytes. */
export interface Wire {
  readonly url: string
  readonly backend: RawBackend
  /** Opens a client connection. */
  readonly client: (answer?: Answer) => Promise<RawClient>
  /** Sends bytes on a connection of their own and waits until the gateway has closed it. */
  readonly exchange: (bytes: string, answer?: Answer) => Promise<BothWires>
}

/** What differs from a gateway that forwards everything to the group `raw`. */
export interface WireOptions {
  readonly server?: object
  readonly group?: object
  /** Upstream is `raw` unless they say so. */
  readonly routes?: readonly RawConfig[]
}

const DATE = 'Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n'

/** A response that the gateway adds nothing to but what {@link returned} says. */
export function response(line: string, fields = '', body = ''): string {
  return `HTTP/1.1 ${line}\r\n${DATE}${fields}\r\n${body}`
}

/** The smallest whole response. */
export const OK = response('200 OK', 'Content-Length: 2\r\n', 'ok')

/** What the client gets of {@link response} after {@link request}. */
export function returned(line: string, fields = '', framing = '', body = ''): string {
  return `HTTP/1.1 ${line}\r\n${DATE}${fields}X-Request-Id: t\r\nConnection: close\r\n${framing}\r\n${body}`
}

/** The request of a client that sends no other on its connection. */
export function request(line: string, fields = '', body = ''): string {
  return `${line} HTTP/1.1\r\nHost: a\r\nX-Request-Id: t\r\nConnection: close\r\n${fields}\r\n${body}`
}

/** What the backend gets of {@link request}. */
export function forwarded(line: string, fields = '', framing = '', body = '', host = 'a'): string {
  const added =
    'X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n' +
    `X-Forwarded-Host: ${host}\r\n${TRACE}\r\nX-Request-Id: t\r\nVia: 1.1 xecureapi\r\n`
  return `${line} HTTP/1.1\r\nHost: ${host}\r\n${fields}${added}${framing}\r\n${body}`
}

/** Starts both, and stops them with the test. */
export async function startWire(
  t: TestContext,
  { server = {}, group = {}, routes = [{ path: '/' }] }: WireOptions = {}
): Promise<Wire> {
  let answer: Answer = OK
  const backend = await startRawBackend(t, (connection, head) => {
    // The end of a chunked body looks like the end of a head.
    if (!REQUEST_LINE.test(head)) return
    if (typeof answer === 'string') void answerWhole(connection, head, answer)
    else answer(connection, head)
  })
  const { url } = await startGateway(t, {
    server,
    upstreams: { raw: { backends: [backend.url], ...group } },
    routes: routes.map((route) => ({ upstream: 'raw', ...route }))
  })
  const client = async (next: Answer = OK): Promise<RawClient> => {
    answer = next
    return await rawClient(t, url)
  }
  return {
    url,
    backend,
    client,
    exchange: async (bytes, next) => {
      const seen = backend.connections.map((connection) => connection.received().length)
      const connection = await client(next)
      connection.write(bytes)
      await within(connection.closed)
      const fresh = backend.connections.map((each, index) => each.received().slice(seen[index] ?? 0))
      return { received: withoutTraceIds(fresh.join('')), answer: connection.text() }
    }
  }
}

async function within(closed: Promise<void>): Promise<void> {
  const late = Symbol('late')
  const first = await Promise.race([closed, delay(PATIENCE, late, { ref: false })])
  if (first === late) throw new Error(`the gateway has not closed the connection within ${PATIENCE} ms`)
}

/** Milliseconds; generous, since machines are noisy. */
const PATIENCE = 15_000

/** Behind what may be left of a body. */
const REQUEST_LINE = /\S+ \S+ HTTP\/1\.1\r\n/

async function answerWhole({ received, send }: RawConnection, head: string, answer: string): Promise<void> {
  const start = received().lastIndexOf(head) + head.length
  await until('the request is whole', () => hasWholeBody(head, received().slice(start)))
  send(answer)
}

function hasWholeBody(head: string, body: string): boolean {
  if (/^transfer-encoding:/im.test(head)) return /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(body)
  return body.length >= Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
}
