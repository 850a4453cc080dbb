import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from './backend.ts'

/** A request as a backend saw it. */
export interface SeenRequest {
  readonly backend: string
  readonly method: string
  readonly target: string
  /** Names in lower case, with every value that came. */
  readonly headers: Readonly<Record<string, string[]>>
}

/** A backend that answers with the request as it saw it, and with fields that must not go further. */
export async function startEchoBackend(t: TestContext, name: string): Promise<TestBackend> {
  return await startBackend(t, name, (request, response) => {
    const headers: Record<string, string[]> = {}
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      const values = (headers[request.rawHeaders[index]!.toLowerCase()] ??= [])
      values.push(request.rawHeaders[index + 1]!)
    }
    const { method = '', url: target = '' } = request
    const seen: SeenRequest = { backend: name, method, target, headers }
    request.resume()
    response.writeHead(200, [
      'Content-Type',
      'application/json',
      'Connection',
      'keep-alive, X-Internal',
      'X-Internal',
      'secret',
      'Keep-Alive',
      'timeout=5',
      'Proxy-Authenticate',
      'Basic',
      'X-Public',
      'yes',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2'
    ])
    response.end(JSON.stringify(seen))
  })
}

/** Reads what {@link startEchoBackend}'s backend answered. */
export function seenRequest(body: string): SeenRequest {
  return JSON.parse(body) as SeenRequest
}
