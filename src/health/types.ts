import type { HealthCheckConfig, UpstreamGroupConfig } from '../config/types.ts'

/**
 * Why a backend is as it is, as data: one word for configuration, log, API and metrics. `status_<code>` stands
 * for an unexpected status of a probe.
 */
export type HealthReason =
  | 'initial'
  | 'no_health_check'
  | 'probe_passed'
  | 'connect_refused'
  | 'connect_failed'
  | 'dns_failed'
  | 'tls_failed'
  | 'reset'
  | 'timeout'
  | 'protocol_error'
  | 'body_mismatch'
  | `status_${number}`

/** What one probe found. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly reason: HealthReason }

/** How a backend is spoken to, by probes as by traffic. */
export interface ProbeTransport extends Pick<UpstreamGroupConfig, 'protocol' | 'tls'> {
  /** Host and SNI instead of those of its URL. */
  readonly authority?: string
}

/**
 * One probe of one backend.
 *
 * @param url - Origin of the backend.
 * @param check - What to send and what to expect.
 * @param signal - Aborted when the check stops; the timeout is the probe's own affair.
 * @param transport - By default HTTP/1.1, and for `https:` the usual authorities.
 */
export type Probe = (
  url: string,
  check: HealthCheckConfig,
  signal: AbortSignal,
  transport?: ProbeTransport
) => Promise<ProbeResult>
