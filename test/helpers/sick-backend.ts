import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from './backend.ts'

/** What {@link SickBackend} is probed for. */
export const PROBE_PATH = '/probe'

/** A backend that serves traffic, whatever it answers to probes. */
export interface SickBackend extends TestBackend {
  /** Whether it fails its probes from now on. */
  readonly setSick: (sick: boolean) => void
}

/** Starts a backend that is well until it is told otherwise. */
export async function startSickBackend(t: TestContext, name: string): Promise<SickBackend> {
  let isSick = false
  const backend = await startBackend(t, name, (request, response) => {
    request.resume()
    response.setHeader('x-served-by', name)
    if (request.url === PROBE_PATH && isSick) response.statusCode = 500
    response.end(name)
  })
  return {
    ...backend,
    setSick: (sick) => {
      isSick = sick
    }
  }
}
