import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

/** A connection on which a test writes and reads bytes itself. */
export interface RawClient {
  readonly socket: Socket
  /** Everything that came so far. */
  readonly text: () => string
  readonly write: (bytes: string) => void
  /** Waits until what came contains a text. */
  readonly untilText: (text: string) => Promise<void>
  /** Waits until the connection is over, however it ends. */
  readonly closed: Promise<void>
}

/** Opens a connection that goes with the test. */
export async function rawClient(t: TestContext, url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => (text += chunk))
  // A reset is one way to be closed.
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
  })
  return {
    socket,
    text: () => text,
    write: (bytes) => void socket.write(bytes, 'latin1'),
    untilText: (wanted) => until(`"${wanted}" came, not only "${text}"`, () => text.includes(wanted)),
    closed
  }
}

/** The head of a request that asks for a protocol of the tests' own, `echo`. */
export function upgradeRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`
}
