/** A backend in a process of its own: what it answers follows from the request's id. Says its port as a message. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { Keystream } from './keystream.ts'

/** What is read from the path `/group/what/size`, and the query. */
type Act = (request: IncomingMessage, response: ServerResponse, size: number) => void | Promise<void>

/** Parts of a stream, and the time between two of them in milliseconds. */
const PARTS = 8
const EVERY = 20

const ACTS: Readonly<Record<string, Act>> = {
  /** A body of known length. */
  bytes: (request, response, size) => {
    response.setHeader('content-length', size)
    response.end(bodyOf(request).next(size))
  },
  /** A body in chunks, which take their time. */
  stream: async (request, response, size) => {
    const body = bodyOf(request)
    for (let part = 0; part < PARTS; part++) {
      response.write(body.next(size / PARTS))
      await delay(EVERY)
    }
    response.end()
  },
  /** What was sent, as it comes. */
  echo: (request, response) => {
    const length = request.headers['content-length']
    if (length !== undefined) response.setHeader('content-length', length)
    request.pipe(response)
  }
}

const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  response.on('error', () => {})
  const [, , what = '', size = '0'] = (request.url ?? '').split('/')
  const act = ACTS[what]
  if (act) void act(request, response, Number(size))
  else response.end('well')
  if (what !== 'echo') request.resume()
})
server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
  socket.on('error', () => socket.destroy())
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  socket.pipe(socket)
})
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())

function bodyOf(request: IncomingMessage): Keystream {
  return new Keystream(String(request.headers['x-request-id']))
}
