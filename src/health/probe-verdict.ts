import type { HealthCheckConfig } from '../config/types.ts'
import { failed } from './one-probe.ts'
import type { ProbeResult } from './types.ts'

/** Bytes of a body in which the expected text is looked for. */
export const BODY_LIMIT = 64 * 1024

/** Whether a status is one of those that a healthy backend answers with. */
export function accepted(status: number, { expect }: HealthCheckConfig): boolean {
  return expect.status.some(({ from, to }) => status >= from && status <= to)
}

/** The result of a probe that was answered with another status. */
export function unexpected(status: number): ProbeResult {
  return failed(`status_${status}`)
}

/** The header of a probe that is a request: the backend's own authority, then what is configured, names in lower case. */
export function headersOf(check: HealthCheckConfig, authority: string): Record<string, string> {
  const headers: Record<string, string> = { host: authority, 'user-agent': 'xecureapi-health-check' }
  for (const [name, value] of Object.entries(check.headers)) headers[name.toLowerCase()] = value
  return headers
}
