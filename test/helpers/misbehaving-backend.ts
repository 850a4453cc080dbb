import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from './backend.ts'

/** A chunk that is too large for one write, but not for a test. */
const CHUNK = Buffer.alloc(16 * 1024, 'x')

/** What the backend below does for each path. */
const BEHAVIOUR: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  '/ok': (_request, response) => response.end('ok'),
  '/never': () => {},
  '/reset': (request) => request.socket.resetAndDestroy(),
  '/cut': (request, response) => {
    response.write(CHUNK)
    setTimeout(() => request.socket.resetAndDestroy(), 20)
  },
  '/endless': (_request, response) => {
    const timer = setInterval(() => response.write(CHUNK), 5)
    response.once('close', () => clearInterval(timer))
  },
  '/swallow': (request, response) => {
    request.resume()
    request.once('end', () => response.end('swallowed'))
  }
}

/** A backend that breaks off, hangs, never ends, and switches to the protocol `echo`: by path. */
export async function startMisbehavingBackend(t: TestContext): Promise<TestBackend> {
  const backend = await startBackend(t, 'misbehaving', (request, response) => {
    const path = new URL(request.url ?? '/', 'http://backend').pathname
    const behave = BEHAVIOUR[path]
    if (behave) behave(request, response)
    else response.writeHead(404).end()
  })
  const joined = new Set<Duplex>()
  backend.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    joined.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => joined.delete(socket))
    if (request.url === '/refuse-upgrade') {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno')
      return
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    if (request.url === '/upgrade-and-leave') socket.end('bye')
    else socket.pipe(socket)
  })
  t.after(() => {
    for (const socket of joined) socket.destroy()
  })
  return backend
}

/** An address where nobody listens. */
export async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}
