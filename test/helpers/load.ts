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

/** What to send; by default a GET. */
export interface SendOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Requests that are sent until somebody stops them. */
export interface Load {
  /** Of the requests that are over. */
  readonly outcomes: Outcome[]
  /** Ends the load once what is under way is over. */
  readonly stop: () => Promise<Outcome[]>
}

/** Agents whose test is over. */
const gone = new WeakSet<Agent>()

/** A keep-alive client that goes with the test. */
export function keepAliveAgent(t: TestContext, maxSockets = 16): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets })
  t.after(() => {
    gone.add(agent)
    agent.destroy()
  })
  return agent
}

/** Counts the connections that an agent opens from now on. */
export function countConnections(agent: Agent): () => number {
  let opened = 0
  const create = agent.createConnection.bind(agent)
  agent.createConnection = (...parameters) => {
    opened++
    return create(...parameters)
  }
  return () => opened
}

/** Sends a request and reads the whole response; never rejects. */
export async function send(agent: Agent, url: string, options: SendOptions = {}): Promise<Outcome> {
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

/** Sends requests one after the other at a steady pace until it is stopped, or its agent's test is over. */
export function startLoad(agent: Agent, url: string, perSecond: number, options: SendOptions = {}): Load {
  const outcomes: Outcome[] = []
  const underWay = new Set<Promise<void>>()
  const running = new AbortController()
  const loop = (async () => {
    const start = performance.now()
    for (let sent = 0; !running.signal.aborted && !gone.has(agent); sent++) {
      const due = start + (sent * 1000) / perSecond
      const wait = due - performance.now()
      if (wait > 0) await delay(wait)
      const one = send(agent, url, options).then((outcome) => void outcomes.push(outcome))
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

/** Sends so many requests, at most `concurrency` at a time. */
export async function sendMany(
  agent: Agent,
  url: string,
  count: number,
  concurrency: number
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let left = count
  const one = async (): Promise<void> => {
    while (left-- > 0) outcomes.push(await send(agent, url))
  }
  await Promise.all(Array.from({ length: concurrency }, one))
  return outcomes
}

/** The outcomes that were no whole 200. */
export function failures(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.filter(({ status }) => status !== 200)
}
