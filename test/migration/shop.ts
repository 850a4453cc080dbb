import { type Agent, request } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from '../helpers/backend.ts'

/** The name that clients ask for. */
export const HOST = 'shop.example.com'

/** A request as a server of the shop saw it. */
export interface Seen {
  readonly server: string
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: number
}

/** What a client got. */
export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Absent when it was not a server of the shop that answered. */
  readonly seen?: Seen
}

/** How a client asks. */
export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: Agent
  readonly ca: string
}

/** Starts a server of the shop: it answers with what it saw, and is well at /healthz. */
export async function startServer(t: TestContext, server: string): Promise<TestBackend> {
  return await startBackend(t, server, (incoming, response) => {
    if (incoming.url === '/healthz') {
      response.end('ok')
      return
    }
    let bytes = 0
    incoming.on('data', (chunk: Buffer) => (bytes += chunk.length))
    incoming.on('end', () => {
      const { method = '', url: target = '', headers } = incoming
      response.setHeader('x-powered-by', 'something that nobody has to know')
      response.end(JSON.stringify({ server, method, target, headers, bytes }))
    })
  })
}

/** Sends one request over TLS, its path byte for byte. */
export async function ask(origin: string, path: string, { ca, ...options }: Ask): Promise<Got> {
  const { hostname, port } = new URL(origin)
  const { method = 'GET', headers = {}, body, agent } = options
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: hostname,
        port,
        path,
        method,
        headers: { host: HOST, ...headers },
        servername: HOST,
        ca,
        agent: agent ?? false
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.once('error', reject)
        response.once('end', () => {
          const seen = text.startsWith('{"server"') ? (JSON.parse(text) as Seen) : undefined
          resolve({ status: response.statusCode ?? 0, headers: response.headers, ...(seen && { seen }) })
        })
      }
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}
