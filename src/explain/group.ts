import type { IncomingMessage } from 'node:http'
import type { AddressBlocks } from '../address-blocks.ts'
import { createAlgorithm } from '../balancing/algorithms.ts'
import { STATUS } from '../balancing/candidate.ts'
import type { Lineup } from '../balancing/lineup.ts'
import { type Verdict, verdictsOf } from '../balancing/verdicts.ts'
import { formatRequestKey } from '../config/request-key-text.ts'
import { cookieValues } from '../cookies.ts'
import { sessionsOf } from '../forwarding/sessions.ts'
import { sharedNow } from '../shared-clock.ts'
import type { Backend } from '../upstreams/backend.ts'
import { lineupOf } from '../upstreams/group-lineup.ts'
import type { UpstreamGroup } from '../upstreams/group.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'
import type {
  ExplainedBackend,
  ExplainedGroup,
  ExplainedKey,
  ExplainedSession,
  ForwardedOutcome
} from './explanation.ts'
import { keyOf } from './key.ts'

/** What a group's part of an explanation is made from. */
export interface GroupSources {
  readonly registry: Pick<UpstreamRegistry, 'groups' | 'observed' | 'administrative'>
  /** Whose X-Forwarded-For is believed. */
  readonly trusted: AddressBlocks
}

/** Says how a group would serve a request at this moment. Nothing is picked, counted or learnt. */
export function explainGroup(
  sources: GroupSources,
  group: UpstreamGroup,
  request: IncomingMessage
): ExplainedGroup {
  const { name, settings, live, backends } = group
  const lineup = lineupOf(group, sharedNow())
  const session = explainSession(group, request)
  const verdicts = verdictsOf(backends, lineup)
  const breaker = settings.circuitBreaker ? live.breaker : null
  return {
    outcome: breaker === 'open' ? 'circuit_open' : session?.serves ? 'forward' : outcomeOf(group, verdicts),
    group: name,
    balancing: settings.balancing.algorithm,
    key: explainKey(sources, group, lineup, request),
    session,
    breaker,
    panic: lineup.isPanic,
    waiting: live.waiting,
    tiers: lineup.tiers.map(({ tier, share, isPanic }) => ({ tier, share, panic: isPanic })),
    backends: verdicts.map((verdict) => explainBackend(sources, verdict, session))
  }
}

function outcomeOf(
  { settings, live }: UpstreamGroup,
  verdicts: readonly Verdict<Backend>[]
): ForwardedOutcome {
  if (verdicts.some(({ accepted }) => accepted)) return 'forward'
  if (!verdicts.some(({ reason }) => reason === 'at_capacity')) return 'no_usable_backend'
  return live.waiting < settings.queue.max ? 'queued' : 'at_capacity'
}

function explainKey(
  { trusted }: GroupSources,
  { settings: { balancing }, backends }: UpstreamGroup,
  { tiers }: Lineup<Backend>,
  request: IncomingMessage
): ExplainedKey | null {
  const { algorithm, key } = balancing
  if (!key) return null
  const hash = keyOf(request, key, trusted)
  const from = formatRequestKey(key)
  if (hash === undefined) return { from, present: false, backend: null }
  // Which tier's turn it is goes by chance: most likely that of the largest share.
  const [likeliest] = tiers.toSorted((a, b) => b.share - a.share)
  const options = { places: backends.length, random: () => 0, now: sharedNow }
  const picked =
    likeliest &&
    createAlgorithm<Backend>(algorithm, options).pick(likeliest, { excludes: ({ isFull }) => isFull }, hash)
  return { from, present: true, backend: picked?.id ?? null }
}

function explainSession(group: UpstreamGroup, request: IncomingMessage): ExplainedSession | null {
  const { affinity } = group.settings
  if (!affinity) return null
  const { cookie } = affinity
  const sessions = sessionsOf(group, affinity)
  const backend = sessions.backendOf(request)
  if (!backend) {
    const isSent = cookieValues(request.headers.cookie, cookie).length > 0
    return { cookie, backend: null, serves: false, reason: isSent ? 'unknown' : 'no_cookie' }
  }
  const { id, status, isFull } = backend
  // In a panic one that is ill may serve; then it is only its cap that keeps it from doing so.
  if (!sessions.mayServe(backend)) return { cookie, backend: id, serves: false, reason: refusalOf(status) }
  return isFull
    ? { cookie, backend: id, serves: false, reason: 'at_capacity' }
    : { cookie, backend: id, serves: true, reason: 'affinity' }
}

/** Why a backend serves no session: what an operator decided comes first. */
function refusalOf(status: number): ExplainedSession['reason'] {
  if (status & STATUS.disabled) return 'disabled'
  return status & STATUS.ill ? 'ill' : 'ejected'
}

function explainBackend(
  { registry }: GroupSources,
  { candidate, accepted, reason, share }: Verdict<Backend>,
  session: ExplainedSession | null
): ExplainedBackend {
  const { id, url, weight, tier, inFlight, maxInFlight } = candidate
  const { health, reason: healthReason } = registry.observed(candidate)
  const isOfSession = session?.serves === true && session.backend === id
  return {
    id,
    url,
    weight,
    tier,
    state: registry.administrative(candidate),
    accepted: accepted || isOfSession,
    reason: isOfSession ? 'affinity' : reason === 'balanced' ? healthReason : reason,
    health,
    healthReason,
    share,
    inFlight,
    maxInFlight
  }
}
