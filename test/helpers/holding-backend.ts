import type { ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { startBackend, type TestBackend } from './backend.ts'

/** A backend that answers when the test says so. */
export interface HoldingBackend extends TestBackend {
  /** Requests that wait for their answers. */
  readonly held: () => number
  /** Answers those that wait, and from now on at once. */
  readonly release: () => void
  /** From now on requests wait again. */
  readonly hold: () => void
}

/** Starts a backend that holds all requests until it is told to answer. */
export async function startHoldingBackend(t: TestContext, name: string): Promise<HoldingBackend> {
  const waiting = new Set<ServerResponse>()
  let holds = true
  const backend = await startBackend(t, name, (request, response) => {
    request.resume()
    if (!holds) {
      response.end(name)
      return
    }
    waiting.add(response)
    response.once('close', () => waiting.delete(response))
  })
  return {
    ...backend,
    held: () => waiting.size,
    release: () => {
      holds = false
      for (const response of waiting) response.end(name)
    },
    hold: () => {
      holds = true
    }
  }
}
