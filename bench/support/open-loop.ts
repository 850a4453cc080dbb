import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { SHOP_HOST, shopPath } from './shop-config.ts'

/** What to send, at which pace. */
export interface LoadOrder {
  readonly url: string
  /** Routes to ask for, in turn. */
  readonly routes: number
  readonly perSecond: number
  readonly connections: number
  /** Milliseconds. */
  readonly duration: number
}

/** What the clients saw. */
export interface LoadReport {
  /** Milliseconds from when a request was due to its response's end, one per request. */
  readonly latencies: readonly number[]
  /** Milliseconds that this client itself was late in sending. */
  readonly lags: readonly number[]
  /** Requests without a whole response of status 200. */
  readonly failures: readonly string[]
}

/**
 * An open loop: requests leave at a fixed rate, whether or not earlier ones were answered, and latency counts from
 * the moment they were due. A gateway that stands still can't hide it by slowing its clients.
 *
 * @see Gil Tene, "How NOT to Measure Latency": coordinated omission.
 */
export async function runLoad(agent: Agent, order: LoadOrder): Promise<LoadReport> {
  const latencies: number[] = []
  const lags: number[] = []
  const failures: string[] = []
  const underWay: Promise<void>[] = []
  const sendOne = async (index: number, asked: number): Promise<void> => {
    const failure = await get(agent, `${order.url}${shopPath(index % order.routes)}`)
    latencies.push(performance.now() - asked)
    if (failure !== undefined) failures.push(failure)
  }
  const start = performance.now()
  for (let sent = 0; (sent * 1000) / order.perSecond < order.duration; sent++) {
    const due = start + (sent * 1000) / order.perSecond
    const wait = due - performance.now()
    if (wait > 0) await delay(wait)
    // Node's timers count whole milliseconds and may be early by a fraction.
    const asked = Math.min(due, performance.now())
    lags.push(performance.now() - asked)
    underWay.push(sendOne(sent, asked))
  }
  await Promise.all(underWay)
  return { latencies, lags, failures }
}

/** @returns What was wrong, if anything. */
async function get(agent: Agent, url: string): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message)
    const outgoing = request(url, { agent, headers: { host: SHOP_HOST } })
    outgoing.on('error', fail)
    outgoing.on('response', (response) => {
      response.on('error', fail)
      response.on('end', () =>
        resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`)
      )
      response.resume()
    })
    outgoing.end()
  })
}

// As a process of its own it takes orders from its parent, one after the other.
if (process.send) {
  let agent: Agent | undefined
  process.on('message', (order: LoadOrder) => {
    agent ??= new Agent({ keepAlive: true, maxSockets: order.connections })
    void runLoad(agent, order).then((report) => process.send!(report))
  })
  process.on('disconnect', () => process.exit())
}
