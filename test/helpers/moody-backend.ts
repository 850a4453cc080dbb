import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from './backend.ts'

/** A backend whose probes always pass, and that treats real traffic as the test says. */
export interface MoodyBackend extends TestBackend {
  /** The status that it answers with from now on. */
  readonly answerWith: (status: number) => void
}

/** Starts a backend that answers with its name and at first with 200. */
export async function startMoodyBackend(t: TestContext, name: string, status = 200): Promise<MoodyBackend> {
  let current = status
  const backend = await startBackend(t, name, (request, response) => {
    request.resume()
    response.writeHead(current, { 'x-served-by': name }).end(name)
  })
  return {
    ...backend,
    answerWith: (next) => {
      current = next
    }
  }
}
