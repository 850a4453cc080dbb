import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

/** One connection of a backend that switches to a protocol of the tests' own. */
export interface UpgradedConnection {
  readonly socket: Socket
  /** The request's head. */
  readonly head: () => string
  /** What came behind the head. */
  readonly received: () => string
  readonly untilReceived: (text: string) => Promise<void>
  readonly hasEnded: () => boolean
}

/** A backend that a test can drive once it has switched. */
export interface UpgradeBackend {
  readonly url: string
  readonly connections: UpgradedConnection[]
  readonly connection: (index: number) => Promise<UpgradedConnection>
}

/** The answer that grants an upgrade. */
export const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

/** @param onHead - Called once per connection, when the head has come; by default grants the upgrade. */
export async function startUpgradeBackend(
  t: TestContext,
  onHead: (socket: Socket) => void = (socket) => void socket.write(SWITCH)
): Promise<UpgradeBackend> {
  const connections: UpgradedConnection[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    let text = ''
    let ended = false
    const end = (): number => text.indexOf('\r\n\r\n') + 4
    const received = (): string => (end() === 3 ? '' : text.slice(end()))
    connections.push({
      socket,
      head: () => text.slice(0, end()),
      received,
      untilReceived: (wanted) =>
        until(`"${wanted}" came, not "${received()}"`, () => received().includes(wanted)),
      hasEnded: () => ended
    })
    socket.on('error', () => {})
    socket.on('end', () => (ended = true))
    socket.on('close', () => (ended = true))
    socket.on('data', (chunk) => {
      const before = end()
      text += chunk.toString('latin1')
      if (before === 3 && end() !== 3) onHead(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const { socket } of connections) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    connection: async (index) => {
      await until(`there are ${index + 1} connections`, () => connections.length > index)
      return connections[index]!
    }
  }
}
