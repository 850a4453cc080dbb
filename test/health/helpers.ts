import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { HealthCheckConfig } from '../../src/config/types.ts'

/** A health check with generous times, but for what is given. */
export function checkOf(overrides: Partial<HealthCheckConfig> = {}): HealthCheckConfig {
  return {
    type: 'http',
    path: '/',
    method: 'GET',
    headers: {},
    interval: 1000,
    timeout: 20_000,
    healthyAfter: 2,
    unhealthyAfter: 3,
    expect: { status: [{ from: 200, to: 299 }] },
    ...overrides
  }
}

/** Lets a server listen on a free port of 127.0.0.1 until the test ends, and counts its open connections. */
export async function listen(t: TestContext, server: Server): Promise<{ port: number; open: Set<Socket> }> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, open }
}

/** Waits until every connection of a server is closed, cleanly or not; the test's time limit ends a wait in vain. */
export async function allClosed(open: Set<Socket>): Promise<void> {
  await Promise.all(
    [...open].map(
      async (socket) =>
        await new Promise<void>((resolve) => {
          socket.once('close', () => resolve())
        })
    )
  )
}

/** The port of a listener that is gone. */
export async function closedPort(t: TestContext, server: Server): Promise<number> {
  const { port } = await listen(t, server)
  server.close()
  await once(server, 'close')
  return port
}
