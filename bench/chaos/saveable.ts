import type { AccessLine } from './access-lines.ts'
import { ATTEMPTS, type GroupName } from './chaos-config.ts'
import type { HealthWatch } from './health-watch.ts'
import type { Outcome } from './sight.ts'

/** Backends of a group. */
const GROUP_SIZE = 3

/** Failures before a byte of the request went out: any request may be sent again. */
const UNSENT: ReadonlySet<string> = new Set([
  'connect_refused',
  'connect_timeout',
  'connect_failed',
  'no_usable_backend',
  'all_tried',
  'at_capacity',
  'queue_full',
  'queue_timeout'
])

/** Failures after that, before a byte of the response: what is safe may be sent again, as `retry.on` of all groups says. */
const SENT: ReadonlySet<string> = new Set(['reset', 'response_timeout', 'protocol_error'])

const SAFE: ReadonlySet<string> = new Set(['GET', 'PUT'])

/** Whether a retry could have made a failure good. */
export type Saveable =
  /** Nothing could: it had begun to be answered, or it was not safe, or nobody was left to ask. */
  | 'no'
  /** It could, had the budget of retries allowed it. */
  | 'budget'
  /** It could. */
  | 'yes'

/** @param line - What the gateway said of the request. */
export function isSaveable(outcome: Outcome, line: AccessLine, watch: HealthWatch): Saveable {
  const { errand, startedAt, endedAt, status } = outcome
  const { attempts, reason = '' } = line
  // The answer was under way already.
  if (line.status < 500) return 'no'
  if (status !== 0 && status !== 502 && status !== 503 && status !== 504) return 'no'
  const isUnsent = UNSENT.has(reason)
  if (!isUnsent && !(SENT.has(reason) && SAFE.has(errand.method))) return 'no'
  if (watch.untouched(errand.route, startedAt, endedAt).length === 0) return 'no'
  const most = ATTEMPTS[errand.route as GroupName]
  // With as many attempts as backends, one that is well had its turn, or should have had.
  if (attempts >= most) return most >= GROUP_SIZE ? 'yes' : 'no'
  return isUnsent ? 'yes' : 'budget'
}
