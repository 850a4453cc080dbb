import type { OutlierDetectionConfig } from '../../src/config/types.ts'
import { OutlierDetector, type WatchedBackend } from '../../src/health/outlier-detector.ts'
import { STATUS } from '../../src/upstreams/backend.ts'
import { outlierDetection } from '../upstreams/groups.ts'

/** A backend whose numbers a test sets. */
export class FakeBackend implements WatchedBackend {
  readonly id: string
  outcomes = { succeeded: 0, failed: 0 }
  failuresInRow = 0
  status = 0
  weight = 1

  constructor(id: string) {
    this.id = id
  }

  forgiveFailures(): void {
    this.failuresInRow = 0
  }

  /** So many requests come and end. */
  serve(succeeded: number, failed: number): void {
    this.outcomes = {
      succeeded: this.outcomes.succeeded + succeeded,
      failed: this.outcomes.failed + failed
    }
  }
}

/** A detector under a clock that a test sets, with one group; its decisions are one line each. */
export class Lab {
  now = 1_000_000
  backends: FakeBackend[]
  readonly decisions: string[] = []
  readonly detector: OutlierDetector

  constructor(ids: string, more: Partial<OutlierDetectionConfig> = {}) {
    this.backends = ids.split('').map((id) => new FakeBackend(id))
    const decide = (...words: (string | number | undefined)[]): void => {
      this.decisions.push(words.filter((word) => word !== undefined).join(' '))
    }
    this.detector = new OutlierDetector({
      now: () => this.now,
      onEject: (_group, id, reason, duration) => {
        this.backend(id).status |= STATUS.ejected
        decide('eject', id, reason, duration)
      },
      onReadmit: (_group, id, reason) => {
        this.backend(id).status &= ~STATUS.ejected
        decide('readmit', id, reason)
      },
      onWithheld: (_group, id, reason, withheld, duration) => decide('keep', id, reason, withheld, duration)
    })
    this.configure(more)
  }

  backend(id: string): FakeBackend {
    return this.backends.find((each) => each.id === id)!
  }

  configure(more: Partial<OutlierDetectionConfig> | undefined, panicThreshold = 0): void {
    const settings = more ? { outlierDetection: outlierDetection(more), panicThreshold } : {}
    this.detector.update([{ name: 'catalog', settings, backends: this.backends }])
  }

  /** Failures in a row, as a thread reports them. */
  fail(id: string, count = 5): void {
    this.backend(id).failuresInRow += count
    this.detector.suspect('catalog', id)
  }

  /** Time passes in the steps of the control plane. */
  pass(milliseconds: number): void {
    for (const end = this.now + milliseconds; this.now < end;) {
      this.now += 100
      this.detector.tick()
    }
  }
}
