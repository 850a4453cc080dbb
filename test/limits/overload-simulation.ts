import { ConcurrencyLimits } from '../../src/limits/concurrency-limits.ts'
import { GroupLoad } from '../../src/upstreams/group-load.ts'
import { GROUP_LAYOUT, LOAD_PLACE } from '../../src/upstreams/group-live.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'
import { PRIORITIES, type ConcurrencyConfig } from '../../src/config/types.ts'

/** A service with so many servers, each busy with one request for a while. */
export interface Service {
  readonly servers: number
  /** Mean service time at a moment, in milliseconds. */
  readonly serviceTime: (now: number) => number
}

/** What arrives: requests per second at a moment, of the three classes. */
export type Offered = (now: number) => readonly [critical: number, normal: number, sheddable: number]

/** One request that was let through. */
interface Served {
  readonly of: number
  readonly arrived: number
  readonly ended: number
}

/** What became of a run. Times in milliseconds of virtual time. */
export interface Course {
  readonly served: readonly Served[]
  readonly refused: readonly { readonly of: number; readonly at: number }[]
  /** The limit at each second. */
  readonly limits: readonly number[]
}

/** How finely time passes, in milliseconds. */
const STEP = 1

/** Runs a group with a concurrency limit in front of a service whose queue has no end. */
export function simulate(
  service: Service,
  offered: Offered,
  concurrency: ConcurrencyConfig,
  seconds: number,
  random: () => number
): Course {
  const table = new LiveTable(GROUP_LAYOUT, 1)
  table.grow(1)
  const load = new GroupLoad(table, 0, 0, LOAD_PLACE)
  const limits = new ConcurrencyLimits(() => {})
  limits.update([{ name: 'simulated', settings: { concurrency }, load }], 0)
  const queue: { of: number; arrived: number }[] = []
  let working: { of: number; arrived: number; ended: number }[] = []
  const course = {
    served: [] as Served[],
    refused: [] as { of: number; at: number }[],
    limits: [] as number[]
  }
  for (let now = 0; now < seconds * 1000; now += STEP) {
    const rates = offered(now)
    for (let of = 0; of < PRIORITIES.length; of++) {
      // A Poisson process, as nearly as steps of a millisecond make one.
      for (let rest = (rates[of]! * STEP) / 1000; rest > 0; rest -= 1) {
        if (random() >= Math.min(1, rest)) continue
        if (load.enter(of, concurrency.max)) queue.push({ of, arrived: now })
        else course.refused.push({ of, at: now })
      }
    }
    const done = working.filter(({ ended }) => ended <= now)
    working = working.filter(({ ended }) => ended > now)
    for (const request of done) {
      load.leave(request.of)
      load.answered(request.ended - request.arrived)
      course.served.push(request)
    }
    while (working.length < service.servers && queue.length > 0) {
      const next = queue.shift()!
      const time = service.serviceTime(now) * (0.5 + random())
      working.push({ ...next, ended: Math.max(now + STEP, now + time) })
    }
    if (now % 100 === 0) limits.tick(now)
    if (now % 1000 === 0) course.limits.push(load.limit)
  }
  return course
}

/** Requests per second that ended within a time. */
export function goodput({ served }: Course, from: number, to: number): number {
  return (served.filter(({ ended }) => ended >= from && ended < to).length * 1000) / (to - from)
}

/** The 99th percentile of how long the requests of a class that arrived within a time took. */
export function p99({ served }: Course, of: number, from: number, to: number): number {
  const times = served
    .filter((each) => each.of === of && each.arrived >= from && each.arrived < to)
    .map(({ arrived, ended }) => ended - arrived)
    .toSorted((a, b) => a - b)
  return times[Math.ceil(times.length * 0.99) - 1] ?? 0
}
