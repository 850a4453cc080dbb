/** The clients in a process of their own, which takes orders by messages. */
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { CLASSES, type Due, OUTCOMES, requestsOf, type Stretch } from './scenario.ts'

/** What to send; answered with a {@link ClientsReport}. */
export interface ClientsOrder {
  /** Without a path: that is the class. */
  readonly origin: string
  readonly seed: number
  readonly stretches: readonly Stretch[]
  /** A request that has no whole response so many milliseconds after it was due is given up. */
  readonly patience: number
}

/** What the clients saw, a place in each list per request. Times in milliseconds. */
export interface ClientsReport {
  /** When all began, as `Date.now()`. */
  readonly startedAt: number
  /** From the start. */
  readonly dues: readonly number[]
  /** From when a request was due to its response's end; of one that failed, until then. */
  readonly latencies: readonly number[]
  /** What of it was the clients' own lateness in sending. */
  readonly lags: readonly number[]
  /** Places in {@link CLASSES}. */
  readonly kinds: readonly number[]
  /** Places in {@link OUTCOMES}. */
  readonly outcomes: readonly number[]
  /** How many failed, by what was wrong. */
  readonly failures: Readonly<Record<string, number>>
}

/** What a POST sends: an order of a few items. */
const BODY = Buffer.alloc(512, 'x')
const SHED = 503

/**
 * An open loop: requests leave when they are due, however many are under way, and latency counts from then.
 *
 * @see Gil Tene, "How NOT to Measure Latency": coordinated omission.
 */
async function run({ origin, seed, stretches, patience }: ClientsOrder): Promise<ClientsReport> {
  // Used in turn, none is idle for so long that a proxy closes it just when it is used again.
  const agent = new Agent({ keepAlive: true, scheduling: 'fifo', maxFreeSockets: Infinity })
  const plan = requestsOf(seed, stretches)
  const latencies: number[] = plan.map(() => 0)
  const lags: number[] = plan.map(() => 0)
  const outcomes: number[] = plan.map(() => 0)
  const failures: Record<string, number> = {}
  const urls = CLASSES.map((name) => `${origin}/${name}`)
  const startedAt = Date.now()
  const start = performance.now()
  const send = async (index: number, { at, kind, isPost }: Due): Promise<void> => {
    const due = start + at
    lags[index] = rounded(performance.now() - due)
    const answer = await ask(agent, urls[kind]!, isPost, due + patience)
    latencies[index] = rounded(performance.now() - due)
    const outcome = answer === 200 ? 'served' : answer === SHED ? 'shed' : 'failed'
    outcomes[index] = OUTCOMES.indexOf(outcome)
    if (outcome === 'failed') failures[answer] = (failures[answer] ?? 0) + 1
  }
  const underWay: Promise<void>[] = []
  for (const [index, each] of plan.entries()) {
    // Node's timers count whole milliseconds and may be early by a fraction: not before it is due.
    for (
      let wait = start + each.at - performance.now();
      wait > 0;
      wait = start + each.at - performance.now()
    ) {
      await delay(Math.ceil(wait))
    }
    underWay.push(send(index, each))
  }
  await Promise.all(underWay)
  agent.destroy()
  const dues = plan.map(({ at }) => rounded(at))
  return { startedAt, dues, latencies, lags, kinds: plan.map(({ kind }) => kind), outcomes, failures }
}

/** @returns The status of a whole response, or what was wrong. */
async function ask(agent: Agent, url: string, isPost: boolean, deadline: number): Promise<number | string> {
  return await new Promise((resolve) => {
    const outgoing = request(url, {
      agent,
      ...(isPost && {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', 'content-length': BODY.length }
      })
    })
    const patience = setTimeout(() => fail('given up'), deadline - performance.now())
    const end = (answer: number | string): void => {
      clearTimeout(patience)
      resolve(answer)
    }
    const fail = (what: string): void => {
      end(what)
      outgoing.destroy()
    }
    const onError = (error: NodeJS.ErrnoException): void => fail(error.code ?? error.message)
    outgoing.on('error', onError)
    outgoing.on('response', (response) => {
      response.on('error', onError)
      response.on('end', () => end(response.statusCode!))
      response.resume()
    })
    outgoing.end(isPost ? BODY : undefined)
  })
}

/** Microseconds are enough, and make the report smaller. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}

process.on('message', (order: ClientsOrder) => void run(order).then((report) => process.send!(report)))
process.on('disconnect', () => process.exit())
