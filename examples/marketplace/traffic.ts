import { PRODUCTS } from './data/products.ts'
import { seededRandom } from './random.ts'

const PER_SECOND = 20
const SUMMARY_EVERY = 5000
const PATIENCE = 10_000
const WORDS = ['lamp', 'set', 'with', 'wool', 'light', 'a', 'steel', '']

/** What a customer, or the warehouse, does next. */
export interface Errand {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly path: string
  readonly body?: object
}

/** Mostly searches and products, some stock levels, few orders: what a shop sees. */
export function nextErrand(random: () => number): Errand {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const kind = random()
  // Not the first one, HOM-001 and the like, which the printed examples set by hand.
  const { id, sku } = pick(PRODUCTS.filter((product) => !product.sku.endsWith('-001')))
  if (kind < 0.4) return { method: 'GET', path: `/api/products?q=${pick(WORDS)}&page=1&pageSize=10` }
  if (kind < 0.7) return { method: 'GET', path: `/api/products/${id}` }
  if (kind < 0.85) return { method: 'GET', path: `/api/inventory/${sku}` }
  if (kind < 0.9) {
    return { method: 'PUT', path: `/api/inventory/${sku}`, body: { quantity: Math.floor(random() * 100) } }
  }
  if (kind < 0.95) return { method: 'GET', path: '/api/orders?pageSize=5' }
  return {
    method: 'POST',
    path: '/api/orders',
    body: { items: [{ sku, quantity: 1 + Math.floor(random() * 3) }] }
  }
}

/** What happened since the last summary. */
export interface Tally {
  requests: number
  /** By status, or `failed` when there was no answer. */
  readonly outcomes: Map<string, number>
  /** Answers by replica. */
  readonly servedBy: Map<string, number>
  /** Milliseconds from the request to the end of the answer. */
  readonly times: number[]
}

/** An empty tally. */
export function newTally(): Tally {
  return { requests: 0, outcomes: new Map(), servedBy: new Map(), times: [] }
}

/** One line for people. */
export function summary({ requests, outcomes, servedBy, times }: Tally): string {
  const list = (counts: Map<string, number>) =>
    [...counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, count]) => `${name} × ${count}`)
      .join(', ')
  const slowest = times.length === 0 ? '' : `, slowest ${Math.round(Math.max(...times))} ms`
  return `traffic: ${requests} requests (${list(outcomes)}${slowest}) by ${list(servedBy) || 'nobody'}`
}

/**
 * Sends about 20 requests a second and tells a summary every five seconds, until the signal.
 *
 * @param origin - Of the gateway.
 */
export function startTraffic(origin: string, say: (line: string) => void, signal: AbortSignal): void {
  const random = seededRandom(42)
  let tally = newTally()
  const requests = setInterval(() => void run(origin, nextErrand(random), tally, signal), 1000 / PER_SECOND)
  const summaries = setInterval(() => {
    say(summary(tally))
    tally = newTally()
  }, SUMMARY_EVERY)
  signal.addEventListener('abort', () => {
    clearInterval(requests)
    clearInterval(summaries)
  })
}

async function run(
  origin: string,
  { method, path, body }: Errand,
  tally: Tally,
  signal: AbortSignal
): Promise<void> {
  const start = performance.now()
  let outcome = 'failed'
  try {
    const response = await fetch(origin + path, {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    })
    await response.arrayBuffer()
    outcome = String(response.status)
    count(tally.servedBy, response.headers.get('x-served-by') ?? 'the gateway')
    tally.times.push(performance.now() - start)
  } catch {
    // Counted as failed.
  }
  tally.requests++
  count(tally.outcomes, outcome)
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
