import type { RetryConfig } from '../config/types.ts'
import type { UpstreamGroup } from '../upstreams/group.ts'
import { secondsUntilTrial } from './breaker-gate.ts'
import type { Failure } from './connection.ts'
import type { Nobody } from './failure.ts'

/** Methods whose repetition changes nothing more (RFC 9110 section 9.2.2, and the registry's idempotent ones). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
  'QUERY'
])

/** What a retry depends on besides what went wrong. */
export interface RetryableRequest {
  readonly method: string
  /** Whether the body, if any, can be sent again. */
  readonly isReplayable: boolean
}

/**
 * Whether a failed attempt may be repeated. Without a connection no request was transmitted, so that is always safe;
 * otherwise only what changes nothing when it happens twice, on the conditions that are configured.
 */
export function mayRetryFailure(failure: Failure, request: RetryableRequest, retry: RetryConfig): boolean {
  if (!failure.sent) return request.isReplayable
  return retry.on.includes(conditionOf(failure)) && isSafe(request, retry)
}

/** Whether a response of this status may be thrown away and the request repeated. */
export function mayRetryStatus(status: number, request: RetryableRequest, retry: RetryConfig): boolean {
  return retry.on.includes(status) && isSafe(request, retry)
}

/**
 * Whether a kept-alive connection that the backend had closed in the same moment may be replaced, which counts as no
 * attempt. Where the backend says that it has not looked at the request, that goes for any.
 */
export function mayReplace(failure: Failure, request: RetryableRequest, retry: RetryConfig): boolean {
  return failure.reused && (failure.sent ? isSafe(request, retry) : request.isReplayable)
}

/**
 * Reads Retry-After (RFC 9110 section 10.2.3), seconds or a date.
 *
 * @param headers - Names and values in turn.
 * @param now - Milliseconds since the epoch.
 * @returns Milliseconds from now; 0 without one.
 */
export function retryAfter(headers: readonly string[], now: number): number {
  const index = headers.findIndex((name, place) => place % 2 === 0 && name.toLowerCase() === 'retry-after')
  const value = index === -1 ? '' : headers[index + 1]!.trim()
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}

/**
 * Seconds until a client that was told that there is nobody may find somebody, at least 1: a full group may have a place
 * in the next moment, an ill backend is well after some good probes, or when its ejection ends.
 */
export function secondsUntilServed(reason: Nobody, group: UpstreamGroup): number {
  if (reason === 'circuit_open') return secondsUntilTrial(group)
  if (reason !== 'no_usable_backend' && reason !== 'all_tried') return 1
  const { healthCheck, outlierDetection } = group.settings
  const wait = healthCheck
    ? healthCheck.interval * healthCheck.healthyAfter
    : (outlierDetection?.ejectFor ?? 0)
  return Math.max(1, Math.ceil(wait / 1000))
}

function isSafe({ method, isReplayable }: RetryableRequest, retry: RetryConfig): boolean {
  return isReplayable && (IDEMPOTENT.has(method) || retry.methods.includes(method))
}

function conditionOf({ reason }: Failure): RetryConfig['on'][number] {
  return reason === 'response_timeout' ? 'timeout' : 'reset'
}
