/** Ten backends in a process of their own, which takes orders by messages. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BACKENDS, type Scenario, serviceTimes, SLOTS, SLOWNESS, SlowSchedule } from './scenario.ts'
import { ServiceQueue } from './service-queue.ts'

/** What the backends are asked; each is answered. */
export type BackendsOrder =
  /** Where they listen; answered with URLs. */
  | { readonly type: 'urls' }
  /** Time starts now, with empty queues; answered with nothing of interest. */
  | ({ readonly type: 'begin' } & Beginning)
  /** Answered with an {@link ArrivalReport}. */
  | { readonly type: 'report' }

/** What begins. Times in milliseconds from then. */
export interface Beginning {
  readonly seed: number
  readonly scenario: Scenario
  /** Arrivals are counted from here on. */
  readonly from: number
  /** And up to here. */
  readonly until: number
}

/** Requests that arrived while they were counted. */
export interface ArrivalReport {
  /** By backend. */
  readonly counts: readonly number[]
  /** Those that came to a backend while it was slow. */
  readonly toSlow: number
}

const BODY = Buffer.from('served')

/** What the ten do from one beginning to the next. */
class Course {
  readonly #beginning: Beginning
  readonly #start = performance.now()
  readonly #slow: SlowSchedule
  readonly #queues: readonly ServiceQueue[]
  readonly #counts = Array.from({ length: BACKENDS }, () => 0)
  #toSlow = 0

  constructor(beginning: Beginning) {
    const { seed, scenario } = beginning
    this.#beginning = beginning
    this.#slow = new SlowSchedule(seed, scenario)
    this.#queues = this.#counts.map((_, place) => {
      const next = serviceTimes(seed, place)
      return new ServiceQueue(SLOTS, () => next() * (this.#slow.isSlow(place, this.#now) ? SLOWNESS : 1))
    })
  }

  get report(): ArrivalReport {
    return { counts: this.#counts, toSlow: this.#toSlow }
  }

  take(place: number, response: ServerResponse): void {
    const { from, until } = this.#beginning
    const now = this.#now
    if (now >= from && now < until) {
      this.#counts[place]!++
      if (this.#slow.isSlow(place, now)) this.#toSlow++
    }
    this.#queues[place]!.add({
      isAbandoned: () => response.destroyed,
      finish: () => {
        response.setHeader('content-length', BODY.length)
        response.end(BODY)
      }
    })
  }

  get #now(): number {
    return performance.now() - this.#start
  }
}

let course: Course | undefined
const urls = await Promise.all(Array.from({ length: BACKENDS }, (_, place) => listen(place)))
process.on('message', (order: BackendsOrder) => process.send!(answer(order)))
process.on('disconnect', () => process.exit())

function answer(order: BackendsOrder): object {
  if (order.type === 'urls') return urls
  if (order.type === 'begin') course = new Course(order)
  return course?.report ?? {}
}

/** Outside of a course they answer at once. Connections are kept for good, so that none ends in a proxy's hands. */
async function listen(place: number): Promise<string> {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    request.resume()
    if (course) course.take(place, response)
    else response.end(BODY)
  })
  server.listen(0, '127.0.0.1', 4_096)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
