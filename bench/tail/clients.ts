/** The clients in a process of their own, which takes orders by messages. */
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { arrivals } from './scenario.ts'

/** What to send; answered with a {@link ClientsReport}. Times in milliseconds. */
export interface ClientsOrder {
  readonly url: string
  readonly seed: number
  readonly perSecond: number
  /** What is due before counts for nothing. */
  readonly warmup: number
  readonly window: number
  /** A request that has no whole response this long after it was due is given up. */
  readonly patience: number
}

/** What the clients saw of the requests of the window. */
export interface ClientsReport {
  /** Milliseconds from when a request was due to its response's end; one that failed counts as the patience. */
  readonly latencies: readonly number[]
  /** Milliseconds that the clients themselves were late in sending. */
  readonly lags: readonly number[]
  /** Requests without a whole response of status 200, by what was wrong. */
  readonly failures: Readonly<Record<string, number>>
}

/**
 * An open loop: requests leave when they are due, however many are under way, and latency counts from then.
 *
 * @see Gil Tene, "How NOT to Measure Latency": coordinated omission.
 */
async function run(order: ClientsOrder): Promise<ClientsReport> {
  const { url, seed, perSecond, warmup, window, patience } = order
  // Used in turn, none is idle for so long that a proxy closes it just when it is used again.
  const agent = new Agent({ keepAlive: true, scheduling: 'fifo', maxFreeSockets: Infinity })
  const latencies: number[] = []
  const lags: number[] = []
  const failures: Record<string, number> = {}
  const send = async (due: number, isCounted: boolean): Promise<void> => {
    const lag = performance.now() - due
    const failure = await get(agent, url, due + patience)
    if (!isCounted) return
    lags.push(lag)
    latencies.push(failure === undefined ? performance.now() - due : patience)
    if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1
  }
  const underWay: Promise<void>[] = []
  const start = performance.now()
  for (const at of arrivals(seed, perSecond, warmup + window)) {
    const due = start + at
    // Node's timers count whole milliseconds and may be early by a fraction: not before it is due.
    for (let wait = due - performance.now(); wait > 0; wait = due - performance.now()) {
      await delay(Math.ceil(wait))
    }
    underWay.push(send(due, at >= warmup))
  }
  await Promise.all(underWay)
  agent.destroy()
  return { latencies, lags, failures }
}

/** @returns What was wrong, if anything. */
async function get(agent: Agent, url: string, deadline: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const outgoing = request(url, { agent })
    const patience = setTimeout(() => end('given up'), deadline - performance.now())
    const end = (failure?: string): void => {
      clearTimeout(patience)
      resolve(failure)
      if (failure !== undefined) outgoing.destroy()
    }
    const fail = (error: NodeJS.ErrnoException): void => end(error.code ?? error.message)
    outgoing.on('error', fail)
    outgoing.on('response', (response) => {
      const { statusCode } = response
      response.on('error', fail)
      response.on('end', () => end(statusCode === 200 ? undefined : `status ${statusCode}`))
      response.resume()
    })
    outgoing.end()
  })
}

process.on('message', (order: ClientsOrder) => void run(order).then((report) => process.send!(report)))
process.on('disconnect', () => process.exit())
