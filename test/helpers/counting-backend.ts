import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from './backend.ts'

/** A backend that knows how much it had to do at once. */
export interface CountingBackend extends TestBackend {
  /** The most requests at one time so far. */
  readonly most: () => number
}

/** Starts a backend that takes some milliseconds for each request, and counts how many it has at once. */
export async function startCountingBackend(
  t: TestContext,
  name: string,
  milliseconds: number
): Promise<CountingBackend> {
  let present = 0
  let most = 0
  const backend = await startBackend(t, name, (request, response) => {
    most = Math.max(most, ++present)
    request.resume()
    response.setHeader('x-served-by', name)
    setTimeout(() => {
      present--
      response.end(name)
    }, milliseconds)
  })
  return { ...backend, most: () => most }
}
