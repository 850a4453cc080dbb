import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A backend of a test: a real server that counts what it gets. */
export interface TestBackend {
  readonly name: string
  readonly port: number
  readonly url: string
  /** Requests so far, probes not counted. */
  readonly requests: () => number
  /** Stops listening and breaks all connections. */
  readonly kill: () => Promise<void>
  /** Listens again on the same port. */
  readonly revive: () => Promise<void>
  readonly server: Server
}

/** Path that probes ask for and that is not counted. */
export const HEALTH_PATH = '/health'

/** Answers with the backend's name; `?delay=ms` first waits. */
function answerName(name: string): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    const delay = Number(new URL(request.url ?? '/', 'http://backend').searchParams.get('delay') ?? 0)
    const answer = (): void => {
      response.setHeader('x-served-by', name)
      response.end(name)
    }
    request.resume()
    if (delay > 0) setTimeout(answer, delay)
    else answer()
  }
}

/** Starts a backend that closes itself with the test. */
export async function startBackend(
  t: TestContext,
  name: string,
  listener: RequestListener = answerName(name)
): Promise<TestBackend> {
  let count = 0
  const server = createServer((request, response) => {
    if (request.url === HEALTH_PATH) {
      response.end('ok')
      return
    }
    count++
    listener(request, response)
  })
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const kill = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  t.after(kill)
  const url = `http://127.0.0.1:${port}`
  return { name, port, url, requests: () => count, kill, revive: () => listen(port), server }
}

/** Starts so many backends, named a, b, c … */
export async function startBackends(t: TestContext, count: number): Promise<TestBackend[]> {
  return await Promise.all(
    Array.from({ length: count }, (_, index) => startBackend(t, String.fromCodePoint(97 + index)))
  )
}
