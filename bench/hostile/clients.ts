/** The ordinary clients in a process of their own, which takes orders by messages. */
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as overHttp } from 'node:http'
import { Agent as HttpsAgent, request as overHttps } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'

/** What to send; answered with a {@link ClientsReport}. */
export interface ClientsOrder {
  /** Of the gateway, `http:` or `https:`. */
  readonly url: string
  readonly paths: readonly string[]
  readonly perSecond: number
  /** One request in so many opens a connection of its own. */
  readonly newOneIn: number
  /** Milliseconds. */
  readonly window: number
  /** A request that has no whole response after so many milliseconds is given up. */
  readonly patience: number
}

/** What the clients saw. */
export interface ClientsReport {
  /** Milliseconds from when a request left to its response's end, those of status 2xx only. */
  readonly latencies: readonly number[]
  /** Milliseconds that the clients themselves were late in sending. */
  readonly lags: readonly number[]
  /** All others, by what was wrong. */
  readonly failures: Readonly<Record<string, number>>
}

/** Addresses that clients come from, none of them an attacker's. */
const ADDRESSES = Array.from({ length: 10 }, (_, index) => `127.0.1.${index + 1}`)

/**
 * An open loop: requests leave at a steady pace, however many are under way. Latency counts from when a request really
 * left: how late this process is says nothing of the gateway.
 */
async function run(order: ClientsOrder): Promise<ClientsReport> {
  const { url, paths, perSecond, newOneIn, window } = order
  const Agent = url.startsWith('https:') ? HttpsAgent : HttpAgent
  const options = { scheduling: 'fifo', rejectUnauthorized: false } as const
  const kept = new Agent({ ...options, keepAlive: true, maxFreeSockets: Infinity })
  const fresh = new Agent({ ...options, keepAlive: false })
  const latencies: number[] = []
  const lags: number[] = []
  const failures: Record<string, number> = {}
  const send = async (index: number): Promise<void> => {
    const agent = index % newOneIn === 0 ? fresh : kept
    const localAddress = ADDRESSES[index % ADDRESSES.length]!
    const at = performance.now()
    const failure = await get(
      new URL(paths[index % paths.length]!, url),
      { agent, localAddress },
      order.patience
    )
    if (failure === undefined) latencies.push(performance.now() - at)
    else failures[failure] = (failures[failure] ?? 0) + 1
  }
  const underWay: Promise<void>[] = []
  const start = performance.now()
  for (let index = 0; (index * 1000) / perSecond < window; index++) {
    const due = start + (index * 1000) / perSecond
    const wait = due - performance.now()
    if (wait > 0) await delay(wait)
    lags.push(Math.max(0, performance.now() - due))
    underWay.push(send(index))
  }
  await Promise.all(underWay)
  kept.destroy()
  return { latencies, lags, failures }
}

/** @returns What was wrong, if anything. */
async function get(
  url: URL,
  options: { agent: HttpAgent; localAddress: string },
  patience: number
): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const outgoing: ClientRequest =
      url.protocol === 'https:' ? overHttps(url, options) : overHttp(url, options)
    const timer = setTimeout(() => end('given up'), patience)
    const end = (failure?: string): void => {
      clearTimeout(timer)
      resolve(failure)
      if (failure !== undefined) outgoing.destroy()
    }
    const fail = (error: NodeJS.ErrnoException): void => end(error.code ?? error.message)
    outgoing.on('error', fail)
    outgoing.on('response', (response: IncomingMessage) => {
      const { statusCode = 0 } = response
      response.on('error', fail)
      response.on('end', () =>
        end(statusCode >= 200 && statusCode <= 299 ? undefined : `status ${statusCode}`)
      )
      response.resume()
    })
    outgoing.end()
  })
}

process.on('message', (order: ClientsOrder) => void run(order).then((report) => process.send!(report)))
process.on('disconnect', () => process.exit())
