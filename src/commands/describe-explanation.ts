import type {
  ExplainedBackend,
  ExplainedKey,
  ExplainedSession,
  ExplainedSplit,
  Explanation,
  ForwardedExplanation
} from '../explain.ts'
import { formatTable } from './table.ts'

/** An explanation as a person reads it; what is as always has no line. */
export function describeExplanation(explanation: Explanation): string {
  const { method, url, outcome } = explanation
  if (!('route' in explanation)) {
    const allow = explanation.allow ? `, allowed: ${explanation.allow.join(', ')}` : ''
    return `${method} ${url}: ${outcome} (${explanation.status}${allow})\n`
  }
  const { route, target, group, balancing, backends } = explanation
  const rows = backends.map(backendRow)
  return [
    `${method} ${url}: ${outcome}\n`,
    `route ${route.name} (${route.path}, ${route.source}) → group ${group}, ${balancing}, as ${target}\n`,
    ...remarks(explanation).map((remark) => `${remark}\n`),
    formatTable([HEAD, ...rows])
  ].join('')
}

const HEAD = ['BACKEND', 'VERDICT', 'REASON', 'STATE', 'TIER', 'SHARE', 'WEIGHT', 'IN FLIGHT']

function backendRow(backend: ExplainedBackend): string[] {
  const { id, accepted, state, tier, share, weight, inFlight, maxInFlight } = backend
  return [
    id,
    accepted ? 'accepted' : 'rejected',
    reasonOf(backend),
    state,
    String(tier),
    percent(share),
    String(weight),
    maxInFlight > 0 ? `${inFlight}/${maxInFlight}` : String(inFlight)
  ]
}

/** An ill one without what made it ill would be half an answer. */
function reasonOf({ reason, health, healthReason }: ExplainedBackend): string {
  return health === 'unhealthy' && reason !== healthReason ? `${reason} (${healthReason})` : reason
}

function remarks({ split, key, session, breaker, panic, waiting, tiers }: ForwardedExplanation): string[] {
  return [
    ...(split ? [splitRemark(split)] : []),
    ...(session ? [sessionRemark(session)] : []),
    ...(key ? [keyRemark(key)] : []),
    ...(breaker !== null && breaker !== 'closed' ? [`circuit breaker: ${breaker}`] : []),
    ...(panic ? ['panic: too few backends are well, so ill ones are used too'] : []),
    ...(tiers.length > 1
      ? [`tiers: ${tiers.map(({ tier, share }) => `${tier} has ${percent(share)}`).join(', ')}`]
      : []),
    ...(waiting > 0 ? [`queue: ${waiting} waiting`] : [])
  ]
}

function splitRemark({ reason, key, parts }: ExplainedSplit): string {
  const shares = parts.map(({ group, share }) => `${group} ${percent(share)}`).join(', ')
  const chosen = parts.find((part) => part.chosen)?.group ?? 'none'
  const why = {
    session: 'by its session',
    key: `by ${key}`,
    chance: key === null ? 'by chance, as the likeliest' : `by chance, as the likeliest: it has no ${key}`
  }[reason]
  return `split: ${shares} → ${chosen} ${why}`
}

function sessionRemark({ cookie, backend, serves, reason }: ExplainedSession): string {
  if (backend === null) {
    const why =
      reason === 'no_cookie'
        ? 'the request has none'
        : 'which is forged, signed with another secret, or of a backend that is gone'
    return `session: cookie ${cookie}, ${why}`
  }
  return serves
    ? `session: cookie ${cookie} → ${backend}`
    : `session: cookie ${cookie} names ${backend}, which can't serve it (${reason}): it moves`
}

function keyRemark({ from, present, backend }: ExplainedKey): string {
  if (!present) {
    return from === 'ip'
      ? 'key: ip, not known: give it with --client'
      : `key: ${from}, the request has none: by least-connections`
  }
  return `key: ${from} → ${backend ?? 'nobody'}`
}

function percent(share: number): string {
  const value = share * 100
  // Nothing and next to nothing are not the same.
  return value > 0 && value < 0.1 ? '<0.1%' : `${Number(value.toFixed(1))}%`
}
