import type { TestContext } from 'node:test'
import { type RawBackend, type RawConnection, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { type RawConfig, startGateway } from '../../helpers/gateway.ts'
import { type RawClient, rawClient } from '../../helpers/raw-client.ts'

/** What a backend of bytes does with a request's head: answers with these bytes, or whatever the function does. */
export type Answer = string | ((connection: RawConnection, head: string) => void)

/** What went over both wires of one exchange, as latin1. */
export interface Exchanged {
  /** Everything that the backend got. */
  readonly received: string
  /** Everything that the client got. */
  readonly answer: string
}

/** A gateway between a client and a backend that both speak bytes. */
export interface Wire {
  readonly backend: RawBackend
  readonly url: string
  /** What the backend does from now on. */
  readonly answerWith: (answer: Answer) => void
  /** Opens a client connection. */
  readonly client: () => Promise<RawClient>
  /** Sends bytes on a connection of their own and waits until the gateway has closed it. */
  readonly exchange: (bytes: string, answer?: Answer) => Promise<Exchanged>
}

/** What differs from a gateway that forwards everything to the group `raw`. */
export interface WireOptions {
  readonly server?: object
  readonly group?: object
  readonly routes?: readonly RawConfig[]
}

/** The smallest whole response. */
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Starts both, and stops them with the test. */
export async function startWire(
  t: TestContext,
  { server = {}, group = {}, routes = [{ path: '/' }] }: WireOptions = {}
): Promise<Wire> {
  let answer: Answer = OK
  const backend = await startRawBackend(t, (connection, head) => {
    if (typeof answer === 'string') connection.send(answer)
    else answer(connection, head)
  })
  const { url } = await startGateway(t, {
    server,
    upstreams: { raw: { backends: [backend.url], ...group } },
    routes: routes.map((route) => ({ upstream: 'raw', ...route }))
  })
  const client = (): Promise<RawClient> => rawClient(t, url)
  const received = (): string => backend.connections.map((connection) => connection.received()).join('')
  return {
    backend,
    url,
    client,
    answerWith: (next) => {
      answer = next
    },
    exchange: async (bytes, next = OK) => {
      answer = next
      const seen = backend.connections.map((connection) => connection.received().length)
      const connection = await client()
      connection.write(bytes)
      await connection.closed
      const fresh = backend.connections.map((each, index) => each.received().slice(seen[index] ?? 0))
      return { received: fresh.join(''), answer: connection.text() }
    }
  }
}
