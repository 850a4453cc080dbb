import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from '../../helpers/until.ts'

/** One connection of a backend that speaks bytes. */
export interface RawConnection {
  readonly socket: Socket
  /** Everything that came so far, as latin1. */
  readonly received: () => string
  readonly send: (bytes: string | Buffer) => void
  /** Waits until what came contains a text, so many times. */
  readonly untilReceived: (text: string, times?: number) => Promise<void>
  /** Waits until the client has closed it. */
  readonly untilClosed: () => Promise<void>
}

/** A backend that does what a test tells it to, byte by byte. */
export interface RawBackend {
  readonly url: string
  readonly connections: RawConnection[]
  /** Waits for the connection with this number, from 0. */
  readonly connection: (index: number) => Promise<RawConnection>
  /** Closes all of it. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a backend; `onRequest` is called once per head that ended with an empty line.
 *
 * @param onRequest - By default nothing is answered.
 */
export async function startRawBackend(
  t: TestContext,
  onRequest?: (connection: RawConnection, head: string) => void
): Promise<RawBackend> {
  const connections: RawConnection[] = []
  // A backend may go on sending after the client has stopped.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    let text = ''
    let answered = 0
    let closed = false
    const connection: RawConnection = {
      socket,
      received: () => text,
      send: (bytes) => {
        if (!socket.destroyed) socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
      },
      untilReceived: (wanted, times = 1) =>
        until(
          `${JSON.stringify(wanted)} came, not only ${JSON.stringify(text.slice(-2000))}`,
          () => text.split(wanted).length > times
        ),
      untilClosed: () => until('the client closed the connection', () => closed)
    }
    connections.push(connection)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!onRequest) return
      for (;;) {
        const end = text.indexOf('\r\n\r\n', answered)
        if (end === -1) return
        const head = text.slice(answered, end + 4)
        answered = end + 4
        onRequest(connection, head)
      }
    })
    socket.on('error', () => {})
    socket.once('close', () => (closed = true))
    socket.once('end', () => (closed = true))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    for (const { socket } of connections) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  t.after(stop)
  return {
    url: `http://127.0.0.1:${port}`,
    connections,
    connection: async (index) => {
      await until(`there are ${index + 1} connections`, () => connections.length > index)
      return connections[index]!
    },
    stop
  }
}

/** A backend that answers each request with the same bytes. */
export async function answering(t: TestContext, response: string): Promise<RawBackend> {
  return await startRawBackend(t, ({ send }) => send(response))
}
