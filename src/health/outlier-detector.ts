import { isDeepStrictEqual } from 'node:util'
import { STATUS } from '../balancing/candidate.ts'
import type { OutlierDetectionConfig } from '../config/types.ts'
import { type EjectionReason, Ejections, type ReadmissionReason, type WithheldReason } from './ejections.ts'
import { type Metered, OutcomeMeter } from './outcome-meter.ts'
import { outliers } from './success-rate.ts'

/** A backend as outlier detection sees it; the numbers are live. */
export interface WatchedBackend extends Metered {
  /** Failures since the last success. */
  readonly failuresInRow: number
  /** 0 = it may have traffic. */
  readonly status: number
  readonly weight: number
  /** Begins the row of failures anew. */
  forgiveFailures(): void
}

/** A group as outlier detection sees it. */
export interface WatchedGroup {
  readonly name: string
  readonly settings: {
    readonly outlierDetection?: OutlierDetectionConfig
    /** Above 0, a panic uses those that are ejected when nobody else is left. */
    readonly panicThreshold?: number
  }
  readonly backends: readonly WatchedBackend[]
}

/** What outlier detection decides. Durations in milliseconds. */
export interface OutlierDetectorOptions {
  /** Milliseconds; never goes back. */
  readonly now: () => number
  readonly onEject: (group: string, id: string, reason: EjectionReason, duration: number) => void
  readonly onReadmit: (group: string, id: string, reason: ReadmissionReason) => void
  /** It would be ejected, but stays. @param duration - For how long it would be; only in a dry run. */
  readonly onWithheld: (
    group: string,
    id: string,
    reason: EjectionReason,
    withheld: WithheldReason,
    duration?: number
  ) => void
}

interface Watch {
  group: WatchedGroup
  settings: OutlierDetectionConfig
  ejections: Ejections
  readonly meter: OutcomeMeter
  /** When it was last said that a backend's ejection is withheld. */
  readonly told: Map<string, number>
  intervalEnds: number
}

/**
 * Outlier detection on real traffic, with Envoy's rules: failures in a row, as the threads report them, and success
 * rates that are compared within the group once per interval. In a dry run all is kept account of as if backends were
 * ejected, so that it says what would happen, and not more often.
 */
export class OutlierDetector {
  readonly #options: OutlierDetectorOptions
  readonly #watches = new Map<string, Watch>()

  constructor(options: OutlierDetectorOptions) {
    this.#options = options
  }

  /** Whether there is no group to watch. */
  get isIdle(): boolean {
    return this.#watches.size === 0
  }

  /** Takes the groups as they are now. Ejections go on for as long as their group has outlier detection. */
  update(groups: Iterable<WatchedGroup>): void {
    const gone = new Set(this.#watches.keys())
    for (const group of groups) {
      const { outlierDetection } = group.settings
      const watch = this.#watches.get(group.name)
      gone.delete(group.name)
      if (!outlierDetection) {
        if (watch) this.#drop(watch, group, 'outlier_detection_off')
        continue
      }
      if (watch) this.#renew(watch, group, outlierDetection)
      else this.#watches.set(group.name, this.#begin(group, outlierDetection))
    }
    for (const name of gone) this.#watches.delete(name)
  }

  /** A thread has seen a backend fail as often in a row as it may. */
  suspect(group: string, id: string): void {
    const watch = this.#watches.get(group)
    const backend = watch?.group.backends.find((each) => each.id === id)
    if (watch && backend) this.#judge(watch, backend, 'consecutive_failures')
  }

  /** A probe of a backend has passed: that ends its ejection, as with Envoy. */
  passed(group: string, id: string): void {
    const watch = this.#watches.get(group)
    if (watch) this.#readmit(watch, id, 'probe_passed')
  }

  /** Ends what is due, and compares success rates when it is time. */
  tick(): void {
    const now = this.#options.now()
    for (const watch of this.#watches.values()) {
      for (const id of watch.ejections.due(now)) this.#readmit(watch, id, 'time_passed')
      this.#restore(watch)
      if (now < watch.intervalEnds) continue
      watch.intervalEnds = now + watch.settings.interval
      this.#compare(watch)
      watch.ejections.endInterval()
    }
  }

  #begin(group: WatchedGroup, settings: OutlierDetectionConfig): Watch {
    const meter = new OutcomeMeter()
    meter.follow(group.backends)
    const intervalEnds = this.#options.now() + settings.interval
    return { group, settings, ejections: new Ejections(settings), meter, told: new Map(), intervalEnds }
  }

  #renew(watch: Watch, group: WatchedGroup, settings: OutlierDetectionConfig): void {
    if (settings.dryRun !== watch.settings.dryRun) {
      this.#readmitAll(watch, group, 'dry_run')
      watch.ejections = new Ejections(settings)
    }
    if (!isDeepStrictEqual(settings, watch.settings)) {
      watch.intervalEnds = Math.min(watch.intervalEnds, this.#options.now() + settings.interval)
    }
    watch.group = group
    watch.settings = settings
    watch.ejections.configure(settings)
    watch.meter.follow(group.backends)
    const ids = new Set(group.backends.map(({ id }) => id))
    watch.ejections.retain(ids)
    for (const id of watch.told.keys()) if (!ids.has(id)) watch.told.delete(id)
    this.#restore(watch)
  }

  /**
   * The bounds of an ejection hold for as long as it does: the others may go with a reload, fall ill or be taken out
   * meanwhile, and then it would turn some failures into nothing but failures.
   */
  #restore(watch: Watch): void {
    const { group, ejections } = watch
    for (const id of ejections.excess(group.backends.length)) this.#readmit(watch, id, 'max_ejected_percent')
    const { ejected } = ejections
    const hasPanic = (group.settings.panicThreshold ?? 0) > 0
    if (ejected.length === 0 || ejections.mayBeAll || hasPanic) return
    if (group.backends.some((each) => isUsable(each, ejections))) return
    const wellOtherwise = group.backends.filter(
      ({ status, weight }) => (status & ~STATUS.ejected) === 0 && weight > 0
    )
    const last = ejected.find((id) => wellOtherwise.some((each) => each.id === id))
    if (last !== undefined) this.#readmit(watch, last, 'last_usable')
  }

  #drop(watch: Watch, group: WatchedGroup, reason: ReadmissionReason): void {
    this.#readmitAll(watch, group, reason)
    this.#watches.delete(group.name)
  }

  /** @param group - As it is now: who is gone needs no readmission. */
  #readmitAll(watch: Watch, group: WatchedGroup, reason: ReadmissionReason): void {
    watch.group = group
    for (const id of watch.ejections.ejected) this.#readmit(watch, id, reason)
  }

  /** Also finds those whose row was long already when their settings or their thread went. */
  #compare(watch: Watch): void {
    const { group, settings, meter, ejections } = watch
    const rates = group.backends.map((backend) => ({ id: backend.id, ...meter.take(backend) }))
    const compared = rates.filter(({ id }) => !ejections.has(id))
    const found = new Set(outliers(compared))
    for (const backend of group.backends) {
      if (backend.failuresInRow >= settings.consecutiveFailures) {
        this.#judge(watch, backend, 'consecutive_failures')
      } else if (found.has(backend.id)) this.#judge(watch, backend, 'success_rate')
    }
  }

  #judge(watch: Watch, backend: WatchedBackend, reason: EjectionReason): void {
    const { group, settings, ejections } = watch
    // Whatever comes of it, the next row begins here.
    backend.forgiveFailures()
    const { id } = backend
    if (ejections.has(id)) return
    const now = this.#options.now()
    const others = group.backends.some((each) => each.id !== id && isUsable(each, ejections))
    const withheld = ejections.withheld(group.backends.length, others)
    if (withheld) this.#tell(watch, id, reason, withheld)
    else if (settings.dryRun) {
      this.#options.onWithheld(group.name, id, reason, 'dry_run', ejections.eject(id, now))
    } else this.#options.onEject(group.name, id, reason, ejections.eject(id, now))
  }

  /** Once per interval: a bad backend that stays is found again with every few requests. */
  #tell(watch: Watch, id: string, reason: EjectionReason, withheld: WithheldReason): void {
    const now = this.#options.now()
    const last = watch.told.get(id) ?? -Infinity
    if (now - last < watch.settings.interval) return
    watch.told.set(id, now)
    this.#options.onWithheld(watch.group.name, id, reason, withheld)
  }

  #readmit(watch: Watch, id: string, reason: ReadmissionReason): void {
    const { group, settings, ejections } = watch
    if (!ejections.readmit(id)) return
    const backend = group.backends.find((each) => each.id === id)
    backend?.forgiveFailures()
    if (backend && !settings.dryRun) this.#options.onReadmit(group.name, id, reason)
  }
}

/** Whether it may have new traffic, or in a dry run might. */
function isUsable({ id, status, weight }: WatchedBackend, ejections: Ejections): boolean {
  return status === 0 && weight > 0 && !ejections.has(id)
}
