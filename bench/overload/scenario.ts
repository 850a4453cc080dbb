import { seeded } from '../../test/balancing/seeded.ts'
import { exponential } from '../tail/scenario.ts'

/** How many backends there are. */
export const BACKENDS = 4
/** How many requests a backend serves at a time; the others wait in the order in which they came. */
export const SLOTS = 4
/** What every service takes at least, in milliseconds: timers of whole milliseconds don't show. */
const LEAST = 20
/** Mean of the exponential time on top of that, in milliseconds. */
const MEAN_ON_TOP = 20

/** What all backends can serve together, in requests a second. */
export const CAPACITY = (BACKENDS * SLOTS * 1000) / (LEAST + MEAN_ON_TOP)

/** A response that comes later than this, in milliseconds, is of no use: it is not goodput. */
export const USEFUL = 1_000
/** How long a client waits for its response, in milliseconds. */
export const PATIENCE = 2_000

/** Whose requests there are: a route each, by its priority. Their places are what reports call them by. */
export const CLASSES = ['critical', 'normal', 'sheddable'] as const
export type Class = (typeof CLASSES)[number]

/** What may become of a request: 200, 503, or anything else. Their places are what reports call them by. */
export const OUTCOMES = ['served', 'shed', 'failed'] as const

/** Share of the requests that are critical, and that are so or normal. */
const CRITICAL = 0.2
const CRITICAL_OR_NORMAL = 0.8

/** Some seconds of the same load. */
export interface Phase {
  readonly name: PhaseName
  /** For headings. */
  readonly title: string
  /** Requests due per second as a multiple of {@link CAPACITY}. */
  readonly load: number
  readonly seconds: number
}

/** The phases that are measured, in their order, and the one before them. */
export type PhaseName = 'warm-up' | MeasuredName
export type MeasuredName = (typeof MEASURED)[number]
export const MEASURED = ['unloaded', 'full', 'overload', 'recovery'] as const

/** Seconds of each phase. */
export type Lengths = Readonly<Record<PhaseName, number>>

/** The course that every proxy is put through. */
export function phasesOf(seconds: Lengths): Phase[] {
  return [
    { name: 'warm-up', title: 'warm-up', load: 0.5, seconds: seconds['warm-up'] },
    { name: 'unloaded', title: '0.3 × capacity', load: 0.3, seconds: seconds.unloaded },
    { name: 'full', title: '1 × capacity', load: 1, seconds: seconds.full },
    { name: 'overload', title: '3 × capacity', load: 3, seconds: seconds.overload },
    { name: 'recovery', title: '0.5 × capacity, after that', load: 0.5, seconds: seconds.recovery }
  ]
}

/** Some milliseconds of the same load, as clients are told. */
export interface Stretch {
  readonly perSecond: number
  readonly duration: number
}

/** A request that is to be sent. */
export interface Due {
  /** Milliseconds from the start. */
  readonly at: number
  /** Place in {@link CLASSES}. */
  readonly kind: number
  /** Whether it has a body. */
  readonly isPost: boolean
}

/** What is due when: a Poisson process whose rate changes from stretch to stretch, the same for the same seed. */
export function requestsOf(seed: number, stretches: readonly Stretch[]): Due[] {
  const random = stream(seed, BACKENDS)
  const due: Due[] = []
  let from = 0
  for (const { perSecond, duration } of stretches) {
    const mean = 1000 / perSecond
    const until = from + duration
    // The exponential distribution has no memory: each stretch may begin afresh.
    for (let at = from + exponential(random, mean); at < until; at += exponential(random, mean)) {
      const chance = random()
      due.push({
        at,
        kind: chance < CRITICAL ? 0 : chance < CRITICAL_OR_NORMAL ? 1 : 2,
        isPost: random() < 0.5
      })
    }
    from = until
  }
  return due
}

/** Service times of one backend, in milliseconds: the same sequence for the same seed. */
export function serviceTimes(seed: number, place: number): () => number {
  const random = stream(seed, place)
  return () => LEAST + exponential(random, MEAN_ON_TOP)
}

/** Each use of chance has a sequence of its own, so that none depends on how often another one was asked. */
function stream(seed: number, use: number): () => number {
  return seeded(seed * 1_000 + use)
}
