import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

/** A request as the scripted gateway got it. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly token: string | undefined
  /** When, in milliseconds. */
  readonly at: number
}

/** What it answers: a status alone, or more; `hang` never, `cut` by breaking the connection. */
export type Reply =
  | number
  | 'hang'
  | 'cut'
  | {
      readonly status: number
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string>>
      /** Milliseconds until it answers. */
      readonly after?: number
    }

/** An admin API that answers as it is told, and notes what it was asked. */
export interface ScriptedGateway {
  readonly url: string
  readonly calls: Call[]
  /** The calls as `METHOD path`. */
  readonly lines: () => string[]
  /** Answers from now on. */
  answer: (call: Call) => Reply
}

/** Starts one on a free port of this machine. */
export async function startScriptedGateway(
  t: TestContext,
  answer: (call: Call) => Reply
): Promise<ScriptedGateway> {
  const calls: Call[] = []
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = await read(request)
    calls.push(call)
    const reply = gateway.answer(call)
    if (reply === 'hang') return
    if (reply === 'cut') {
      request.socket.destroy()
      return
    }
    const { status, body, headers, after = 0 } = typeof reply === 'number' ? { status: reply } : reply
    const answered = body ?? (status < 300 ? {} : { status, detail: `said ${status}` })
    await delay(after)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof answered === 'string' ? answered : JSON.stringify(answered))
  }
  const server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const gateway: ScriptedGateway = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    lines: () => calls.map(({ method, path }) => `${method} ${path}`),
    answer
  }
  return gateway
}

async function read(request: IncomingMessage): Promise<Call> {
  const body = await text(request)
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    body: body === '' ? undefined : JSON.parse(body),
    token: request.headers.authorization,
    at: performance.now()
  }
}
