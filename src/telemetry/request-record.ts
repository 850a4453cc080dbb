import type { ProblemError } from '../problem.ts'
import type { FoundRoute } from '../routing/lookup.ts'
import { RequestTrace } from './request-trace.ts'

/** What is known of one request when it is over: the access log and the counters read it. */
export class RequestRecord {
  /** `performance.now()` when its head had arrived, milliseconds. */
  readonly startedAt: number
  /** The trace that it belongs to. */
  readonly trace: RequestTrace
  /** The route that takes it. */
  found: FoundRoute | undefined
  /** Place of its route's counters. */
  slot = -1
  /** Id of the backend that was tried last. */
  backend: string | undefined
  /** How the backend that was tried last was picked; undefined in the plain case. */
  pick: string | undefined
  /** The group that it is forwarded to. */
  group: string | undefined
  /** Backends tried so far. */
  attempts = 0
  /** How long it waited in line for a place at a backend, milliseconds; undefined when it did not. */
  waited: number | undefined
  /** `performance.now()` when the final response's head came, milliseconds. */
  firstByteAt: number | undefined
  /** Bytes of the response's body that went to the client. */
  bytes = 0
  /** Who calls, as was proven. */
  consumer: string | undefined
  /** How that was proven: `apiKeys:` or `jwt:` and the name that `auth` has for it. */
  consumerAuth: string | undefined
  /** Why who calls may not, or nobody knows who it is. */
  denial: ProblemError | undefined
  /** Name of the rate limit that refused it. */
  limit: string | undefined
  /** Name of the first rate limit that would have, but only reports. */
  dryRunLimit: string | undefined
  /** Why it did not go well, as data. */
  reason: string | undefined

  constructor(startedAt: number, trace: RequestTrace = new RequestTrace()) {
    this.startedAt = startedAt
    this.trace = trace
  }

  /** The final response's head has come. */
  answered(): void {
    this.firstByteAt = performance.now()
    this.bytes = 0
  }

  /** A backend is tried. @param pick - How it was picked; undefined in the plain case. */
  picked(backend: string, pick: string | undefined): void {
    this.attempts++
    this.backend = backend
    this.pick = pick
  }
}
