import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { valuesOf } from './strict-fields.ts'
import { readRequest, type RequestHead, type StrictRequest } from './strict-request.ts'

/** A whole request that has reached the origin. */
export interface Arrival {
  /** Counts up from 0. */
  readonly serial: number
  readonly request: StrictRequest
}

/** An origin that reads without leniency and writes down what it gets. */
export interface StrictOrigin {
  readonly url: string
  /** How many requests have arrived. */
  readonly count: () => number
  /** One of them, while it is not too long ago. */
  readonly arrival: (serial: number) => Arrival
  /** Heads of requests whose connections have ended before they were complete; whoever has judged them takes them out. */
  readonly broken: RequestHead[]
  /** All that a gateway must never have sent. */
  readonly violations: string[]
  /** Connections that are open. */
  readonly open: () => number
}

/** Answers an arrival on its connection. */
export type Answer = (arrival: Arrival, socket: Socket) => void | Promise<void>

/** How many requests back one is remembered. */
const MEMORY = 5_000

/** Fields that say how a message is read or where it goes: behind a body they are an attack. */
const NEVER_TRAILERS = ['connection', 'content-length', 'host', 'te', 'transfer-encoding', 'upgrade']

/** Starts an origin that goes with the test. */
export async function startStrictOrigin(
  t: Pick<TestContext, 'after'>,
  answer: Answer = answerSerial
): Promise<StrictOrigin> {
  const arrivals = new Map<number, Arrival>()
  let count = 0
  const broken: RequestHead[] = []
  const violations: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    let text = ''
    sockets.add(socket)
    socket.setEncoding('latin1')
    const refuse = (why: string): void => {
      violations.push(`${why}: ${JSON.stringify(text.slice(0, 2000))}`)
      socket.destroy()
    }
    socket.on('data', (chunk: string) => {
      text += chunk
      const read = readRequest(text, 0)
      if (read.state === 'more') return
      if (read.state === 'bad') {
        refuse(`not well-formed, ${read.why}`)
        return
      }
      const { request, end } = read
      // A gateway that keeps to one request at a time sends nothing before it has its answer.
      if (end < text.length) refuse('bytes behind a request')
      else if (NEVER_TRAILERS.some((name) => valuesOf(request.trailers, name).length > 0)) refuse('trailers')
      else if (isOddConnection(request)) refuse('Connection')
      else {
        text = ''
        const arrival = { serial: count++, request }
        arrivals.set(arrival.serial, arrival)
        arrivals.delete(arrival.serial - MEMORY)
        void answer(arrival, socket)
      }
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      sockets.delete(socket)
      if (text === '') return
      const read = readRequest(text, 0)
      const head = read.state === 'more' ? read.head : undefined
      if (head) broken.push(head)
      else if (read.state === 'more') refuse('an incomplete head')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    count: () => count,
    arrival: (serial) => arrivals.get(serial)!,
    broken,
    violations,
    open: () => sockets.size
  }
}

/** A gateway speaks of its connection only when it asks for another protocol. */
function isOddConnection({ fields }: StrictRequest): boolean {
  const options = valuesOf(fields, 'connection')
  return options.length > 0 && (options.join() !== 'Upgrade' || valuesOf(fields, 'upgrade').length !== 1)
}

/** Says which arrival it answers. */
export function answerSerial({ serial, request }: Arrival, socket: Socket): void {
  const body = request.method === 'HEAD' ? '' : 'ok'
  socket.write(`HTTP/1.1 200 OK\r\nX-Serial: ${serial}\r\nContent-Length: 2\r\n\r\n${body}`, 'latin1')
}
