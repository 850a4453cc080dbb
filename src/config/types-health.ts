// Part of the resolved configuration; types.ts, which everybody imports, offers it too.

/** An active health check: the gateway probes. */
export interface HealthCheckConfig {
  readonly type: 'http' | 'tcp'
  /** Request target of an http probe. */
  readonly path: string
  /** Another port than the backend's own. */
  readonly port?: number
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds between the starts of two probes, ± 10 % jitter. */
  readonly interval: number
  /** Milliseconds that one probe may take, body included. */
  readonly timeout: number
  /** Consecutive good probes that make an ill backend well (rise). */
  readonly healthyAfter: number
  /** Consecutive failed probes that make a well backend ill (fall). */
  readonly unhealthyAfter: number
  readonly expect: HealthCheckExpectation
  /** What a backend is before its first verdict; unset: well for a backend of the file. */
  readonly initially?: 'healthy' | 'unhealthy'
}

export interface HealthCheckExpectation {
  /** Accepted status codes, as inclusive ranges. */
  readonly status: readonly StatusRange[]
  /** A text that the body must contain, within its first 64 KiB. */
  readonly body?: string
}

/** An inclusive range of HTTP status codes. */
export interface StatusRange {
  readonly from: number
  readonly to: number
}
