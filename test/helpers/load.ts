import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestContext } from 'node:test'

/** One request's outcome as its client saw it. */
export interface Outcome {
  /** 0 when there was no whole response. */
  readonly status: number
  readonly body: string
  readonly servedBy: string | undefined
  /** The error's code when there was no whole response. */
  readonly error: string | undefined
}

/** A keep-alive client that goes with the test. */
export function keepAliveAgent(t: TestContext, maxSockets = 16): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets })
  t.after(() => agent.destroy())
  return agent
}

/** Sends a request and reads the whole response; never rejects. */
export async function send(
  agent: Agent,
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {}
): Promise<Outcome> {
  return await new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve({ status: 0, body: '', servedBy: undefined, error: error.code ?? error.message })
    const outgoing = request(url, { agent, method: options.method ?? 'GET', headers: options.headers ?? {} })
    outgoing.on('error', fail)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('error', fail)
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const servedBy = response.headers['x-served-by']
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          servedBy: typeof servedBy === 'string' ? servedBy : undefined,
          error: undefined
        })
      })
    })
    outgoing.end(options.body)
  })
}

/** Sends requests one after the other at a steady pace until it is stopped. */
export function startLoad(
  agent: Agent,
  url: string,
  perSecond: number
): { readonly outcomes: Outcome[]; readonly stop: () => Promise<Outcome[]> } {
  const outcomes: Outcome[] = []
  const underWay = new Set<Promise<void>>()
  const running = new AbortController()
  const loop = (async () => {
    const start = performance.now()
    for (let sent = 0; !running.signal.aborted; sent++) {
      const due = start + (sent * 1000) / perSecond
      const wait = due - performance.now()
      if (wait > 0) await delay(wait)
      const one = send(agent, url).then((outcome) => void outcomes.push(outcome))
      underWay.add(one)
      void one.finally(() => underWay.delete(one))
    }
  })()
  return {
    outcomes,
    stop: async () => {
      running.abort()
      await loop
      await Promise.all(underWay)
      return outcomes
    }
  }
}
