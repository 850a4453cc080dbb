import type { TestContext } from 'node:test'
import { type ReplicaOptions, type ServiceKind, buildService } from '../../examples/marketplace/service.ts'

/** Starts a replica on a free port that ends with the test; gives its origin. */
export async function startReplica(
  t: TestContext,
  kind: ServiceKind,
  options: Partial<ReplicaOptions> = {}
): Promise<string> {
  const app = await buildService(kind, { name: `${kind}-1`, ...options })
  t.after(() => app.close())
  return app.listen({ host: '127.0.0.1', port: 0 })
}

/** An answer, read to its end. */
export interface Answer<T> {
  status: number
  headers: Headers
  body: T
}

/** Sends a request, with the body as JSON when there is one. */
export async function call<T>(method: string, url: string, body?: unknown): Promise<Answer<T>> {
  const response = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as T }
}
