import type { OutlierDetectionConfig } from '../config/types.ts'

/** Why a backend is ejected, as data. */
export type EjectionReason = 'consecutive_failures' | 'success_rate'

/** Why an ejection is over, as data. */
export type ReadmissionReason =
  | 'time_passed'
  | 'probe_passed'
  | 'dry_run'
  | 'outlier_detection_off'
  /** The group or the share of it that may be ejected is smaller now. */
  | 'max_ejected_percent'
  /** All others went, fell ill or were taken out meanwhile. */
  | 'last_usable'

/** Why a backend that should be ejected is not, as data. */
export type WithheldReason =
  | 'dry_run'
  | 'max_ejected_percent'
  /** Nobody else may have traffic. */
  | 'last_usable'

interface Entry {
  /** Its next ejection takes one more than so many times `ejectFor`. */
  times: number
  /** When its ejection ends; undefined = it is not ejected. */
  until: number | undefined
  /** Whether it was ejected at any time in this interval. */
  wasEjected: boolean
}

/**
 * Who of one group is ejected, for how long, and how many may be: Envoy's rules. Times in milliseconds of any clock that
 * never goes back.
 */
export class Ejections {
  #settings: OutlierDetectionConfig
  readonly #entries = new Map<string, Entry>()

  constructor(settings: OutlierDetectionConfig) {
    this.#settings = settings
  }

  /** Takes other settings; ejections that are on keep their end. */
  configure(settings: OutlierDetectionConfig): void {
    this.#settings = settings
  }

  /** Those that are ejected now, in the order in which their time is up. */
  get ejected(): string[] {
    return [...this.#entries]
      .filter(([, { until }]) => until !== undefined)
      .toSorted(([, a], [, b]) => a.until! - b.until!)
      .map(([id]) => id)
  }

  has(id: string): boolean {
    return this.#entries.get(id)?.until !== undefined
  }

  /**
   * Why nobody may be ejected now, if so. One backend of several may always be; otherwise never more than
   * `maxEjectedPercent` of the group. The last one that may have traffic is not ejected: nobody could take its traffic
   * over, so that an ejection would turn some failures into nothing but failures (nginx, for the same reason, ignores
   * the failures of a group's only server; Envoy ejects it, but has its panic threshold on by default). Whoever wants
   * that all the same says so: a `maxEjectedPercent` of 100.
   *
   * @param size - Backends of the group.
   * @param othersUsable - Whether another one may have traffic.
   */
  withheld(size: number, othersUsable: boolean): WithheldReason | undefined {
    if (this.ejected.length >= this.#mostOf(size)) return 'max_ejected_percent'
    return othersUsable || this.mayBeAll ? undefined : 'last_usable'
  }

  /** Whether even the last one that may have traffic may be ejected. */
  get mayBeAll(): boolean {
    return this.#settings.maxEjectedPercent === 100
  }

  /**
   * Those that are too many: the group or `maxEjectedPercent` became smaller since. Of all, the ones whose time is up
   * first.
   *
   * @param size - Backends of the group.
   */
  excess(size: number): string[] {
    const { ejected } = this
    return ejected.slice(0, Math.max(0, ejected.length - this.#mostOf(size)))
  }

  /** Ejects a backend that is not. @returns For how long, in milliseconds. */
  eject(id: string, now: number): number {
    const { ejectFor } = this.#settings
    const longest = Math.max(ejectFor, this.#settings.maxEjectFor)
    const entry = this.#entries.get(id) ?? { times: 0, until: undefined, wasEjected: false }
    this.#entries.set(id, entry)
    // As Envoy: it does not grow where that would change nothing, so that it is soon small again.
    if (entry.times * ejectFor < longest + ejectFor) entry.times++
    const duration = Math.min(entry.times * ejectFor, longest)
    entry.until = now + duration
    entry.wasEjected = true
    return duration
  }

  /** Ends an ejection. @returns Whether there was one. */
  readmit(id: string): boolean {
    const entry = this.#entries.get(id)
    if (entry?.until === undefined) return false
    entry.until = undefined
    return true
  }

  /** Those whose time has passed. */
  due(now: number): string[] {
    return [...this.#entries].filter(([, { until }]) => until !== undefined && until <= now).map(([id]) => id)
  }

  /** An interval is over: whoever was well all through it is ejected for less the next time. */
  endInterval(): void {
    for (const [id, entry] of this.#entries) {
      if (!entry.wasEjected) entry.times--
      entry.wasEjected = entry.until !== undefined
      if (entry.times <= 0) this.#entries.delete(id)
    }
  }

  /** Forgets all others. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#entries.delete(id)
  }

  #mostOf(size: number): number {
    return Math.max(1, Math.floor((size * this.#settings.maxEjectedPercent) / 100))
  }
}
