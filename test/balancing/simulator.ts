import { GroupBalancer } from '../../src/balancing/group-balancer.ts'
import { createAlgorithm } from '../../src/balancing/algorithms.ts'
import type { LineupSettings } from '../../src/balancing/lineup.ts'
import type { BalancingAlgorithm } from '../../src/config/types.ts'
import { stamp } from '../../src/shared-clock.ts'
import { PLAIN } from './balanced.ts'
import { alike, type FakeBackend, type FakeFacts } from './fake-backend.ts'
import { seeded } from './seeded.ts'
import { Timeline } from './timeline.ts'

/** What is simulated. Times in milliseconds. */
export interface SimulationOptions {
  readonly algorithm: BalancingAlgorithm
  readonly backends?: number
  /** Requests that a backend works at at once; those beyond wait in it. */
  readonly parallelism?: number
  /** Mean of the exponential time that a request takes at a backend of usual speed. */
  readonly serviceTime?: number
  /** Arrivals relative to what all backends together can do. */
  readonly load?: number
  /** Threads with a balancer each, over the same counters. */
  readonly threads?: number
  readonly settings?: LineupSettings
  readonly seed?: number
}

/** What happened meanwhile, by place where it is a list. */
export interface Report {
  /** Picks, retries included. */
  readonly picks: readonly number[]
  /** Average attempts in flight. */
  readonly inFlight: readonly number[]
  /** Requests that were answered. */
  readonly served: number
  /** Requests whose every attempt failed. */
  readonly failed: number
  /** Requests that nobody could be picked for. */
  readonly refused: number
}

/** A simulated request at a backend. */
interface Job {
  readonly view: FakeBackend
  readonly began: number
  readonly key: number
  readonly tried: FakeBackend[]
  isOver: boolean
}

/** What a backend is beyond its balancing numbers. */
interface Server {
  /** How many times the usual time its requests take. */
  slowness: number
  isDown: boolean
  readonly working: Set<Job>
  readonly waiting: Job[]
}

const ATTEMPTS = 3
/** How long it takes to see a connection refused. */
const REFUSED_AFTER = 1
/** How long probes take to see a backend fall or rise. */
const DETECTED_AFTER = 500

/**
 * A gateway in front of backends, in virtual time: open-loop Poisson arrivals, backends of limited parallelism with
 * exponential service times, which fail, slow down and come back as a test says. Every run with one seed is the same.
 */
export class Simulation {
  readonly timeline = new Timeline()
  /** As the current generation sees them. */
  backends: readonly FakeBackend[]
  readonly #options: Required<SimulationOptions>
  readonly #servers: readonly Server[]
  readonly #random: () => number
  #balancers: readonly GroupBalancer<FakeBackend>[] = []
  #epoch = 1
  #isOpen = true
  readonly #picks: Float64Array
  readonly #inFlightTime: Float64Array
  readonly #changedAt: Float64Array
  readonly #ends = { served: 0, failed: 0, refused: 0 }

  constructor(options: SimulationOptions) {
    this.#options = {
      backends: 50,
      parallelism: 4,
      serviceTime: 100,
      load: 0.6,
      threads: 2,
      settings: PLAIN,
      seed: 1,
      ...options
    }
    const { backends, seed } = this.#options
    this.#random = seeded(seed)
    this.backends = alike(backends)
    this.#servers = this.backends.map(() => ({ slowness: 1, isDown: false, working: new Set(), waiting: [] }))
    this.#picks = new Float64Array(backends)
    this.#inFlightTime = new Float64Array(backends)
    this.#changedAt = new Float64Array(backends)
    this.#balance()
    this.#scheduleArrival()
  }

  /** Goes on for so long, and says what happened meanwhile. */
  run(duration: number): Report {
    this.#settleInFlightTime()
    const picks = this.#picks.slice()
    const inFlightTime = this.#inFlightTime.slice()
    const { served, failed, refused } = this.#ends
    this.timeline.runUntil(this.timeline.now + duration)
    this.#settleInFlightTime()
    return {
      picks: Array.from(this.#picks, (count, place) => count - picks[place]!),
      inFlight: Array.from(this.#inFlightTime, (time, place) => (time - inFlightTime[place]!) / duration),
      served: this.#ends.served - served,
      failed: this.#ends.failed - failed,
      refused: this.#ends.refused - refused
    }
  }

  /** No more arrivals; goes on until nothing is under way. */
  finish(): void {
    this.#isOpen = false
    this.timeline.runUntil(Infinity)
  }

  /** Their requests take so many times as long from now on. */
  slow(places: readonly number[], slowness: number): void {
    for (const place of places) this.#servers[place]!.slowness = slowness
  }

  /** They refuse connections, and what they had breaks; probes see it a moment later. */
  fail(places: readonly number[]): void {
    for (const place of places) {
      const server = this.#servers[place]!
      server.isDown = true
      for (const job of [...server.working, ...server.waiting.splice(0)]) this.#end(job, false)
      server.working.clear()
    }
    this.timeline.after(DETECTED_AFTER, () => this.setIll(places, true))
  }

  /** They work again; probes see it a moment later, and a slow start begins where there is one. */
  recover(places: readonly number[]): void {
    for (const place of places) this.#servers[place]!.isDown = false
    this.timeline.after(DETECTED_AFTER, () => this.setIll(places, false))
  }

  /** What probes say. */
  setIll(places: readonly number[], isIll: boolean): void {
    for (const place of places) {
      const backend = this.backends[place]!
      backend.set('ill', isIll)
      if (!isIll && this.#options.settings.slowStart) backend.setSlowStart(stamp(this.timeline.now))
    }
    this.#epoch++
  }

  /** Other facts for all, as a new generation brings them: new balancers over the same counters. */
  reload(facts: (place: number) => FakeFacts): void {
    this.backends = this.backends.map((backend) => backend.reloaded(facts(backend.place)))
    this.#balance()
  }

  #balance(): void {
    const { algorithm, threads, settings } = this.#options
    const now = (): number => this.timeline.now
    const options = { places: this.backends.length, random: this.#random, now }
    this.#balancers = Array.from(
      { length: threads },
      () =>
        new GroupBalancer({
          ...settings,
          candidates: this.backends,
          algorithm: createAlgorithm(algorithm, options),
          epoch: () => this.#epoch,
          random: this.#random,
          now
        })
    )
  }

  #scheduleArrival(): void {
    const { backends, parallelism, serviceTime, load } = this.#options
    const mean = serviceTime / (backends * parallelism * load)
    this.timeline.after(this.#exponential(mean), () => {
      if (!this.#isOpen) return
      this.#attempt(Math.floor(this.#random() * 2 ** 32), [])
      this.#scheduleArrival()
    })
  }

  #attempt(key: number, tried: FakeBackend[]): void {
    const thread = Math.floor(this.#random() * this.#balancers.length)
    const view = this.#balancers[thread]!.pick(tried, key)
    if (!view) {
      this.#ends[tried.length === 0 ? 'refused' : 'failed']++
      return
    }
    const { place } = view
    this.#picks[place]!++
    this.#addInFlightTime(place, view.inFlight - 1)
    const job: Job = { view, began: this.timeline.now, key, tried, isOver: false }
    const server = this.#servers[place]!
    if (server.isDown) this.timeline.after(REFUSED_AFTER, () => this.#end(job, false))
    else if (server.working.size < this.#options.parallelism) this.#work(server, job)
    else server.waiting.push(job)
  }

  #work(server: Server, job: Job): void {
    server.working.add(job)
    this.timeline.after(this.#exponential(this.#options.serviceTime * server.slowness), () => {
      if (job.isOver) return
      server.working.delete(job)
      const next = server.waiting.shift()
      if (next) this.#work(server, next)
      this.#end(job, true)
    })
  }

  #end(job: Job, succeeded: boolean): void {
    const { view, began, key, tried } = job
    const { now } = this.timeline
    job.isOver = true
    this.#addInFlightTime(view.place, view.inFlight)
    view.end()
    if (succeeded) view.learnSuccess(now - began, now)
    else view.learnFailure(now)
    if (succeeded) this.#ends.served++
    else if (tried.length + 1 === ATTEMPTS) this.#ends.failed++
    // Those of an earlier generation are others by identity: a retry goes by the places of the current one.
    else
      this.#attempt(
        key,
        [...tried, view].map(({ place }) => this.backends[place]!)
      )
  }

  #addInFlightTime(place: number, inFlight: number): void {
    const { now } = this.timeline
    this.#inFlightTime[place]! += (now - this.#changedAt[place]!) * inFlight
    this.#changedAt[place] = now
  }

  #settleInFlightTime(): void {
    for (const { place, inFlight } of this.backends) this.#addInFlightTime(place, inFlight)
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random()) * mean
  }
}
