import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { until } from './until.ts'

/** A TLS connection on which a test writes and reads bytes itself. */
export interface TlsClient {
  readonly socket: TLSSocket
  /** Everything that came so far. */
  readonly text: () => string
  readonly write: (bytes: string) => void
  /** Waits until what came contains a text. */
  readonly untilText: (text: string) => Promise<void>
  /** Waits until the connection is over, however it ends. */
  readonly closed: Promise<void>
}

/** Opens a TLS connection that goes with the test; whoever issued the certificate is believed unless options say else. */
export async function tlsClient(
  t: TestContext,
  port: number,
  options: ConnectionOptions = {}
): Promise<TlsClient> {
  const servername = 'localhost'
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false, ...options })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => (text += chunk))
  // A reset is one way to be closed.
  socket.on('error', () => {})
  return {
    socket,
    text: () => text,
    write: (bytes) => void socket.write(bytes, 'latin1'),
    untilText: (wanted) => until(`"${wanted}" came, not only "${text}"`, () => text.includes(wanted)),
    closed: untilClosed(socket)
  }
}

/** Opens a TCP connection that goes with the test, sends something, and leaves all else to the test. */
export async function tcpClient(
  t: TestContext,
  port: number,
  ...parts: readonly (string | Buffer)[]
): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  for (const part of parts) socket.write(part, 'latin1')
  return socket
}

/** Waits until a connection is over, however it ends. */
export function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.resume().once('close', () => resolve())
  })
}
