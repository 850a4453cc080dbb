import type { Scrape } from '../../test/helpers/scrape.ts'
import type { AccessLine, GatewayLog } from './access-lines.ts'
import type { Crashes } from './crashes.ts'
import type { HealthWatch } from './health-watch.ts'
import { isSaveable } from './saveable.ts'
import type { Outcome } from './sight.ts'

/** What is held against each other. */
export interface Accounts {
  readonly outcomes: readonly Outcome[]
  readonly log: GatewayLog
  readonly metrics: Scrape
  readonly watch: HealthWatch
  readonly crashes: Crashes
}

/** Something that must not be, and how often it is. */
export const FINDINGS = {
  unanswered: 'requests that never ended',
  wrong: 'responses with a wrong byte, or said to be whole and not',
  disagreement: 'requests that gateway and client tell of in different ways',
  unlogged: 'requests without exactly one line, but for what a crash took along',
  miscounted: 'requests that `/metrics` counts in another way than the log',
  unexpected: 'responses of a status that no fault explains',
  saveable: 'failures that a retry could have saved'
} as const

/** A kind of finding. */
export type FindingKind = keyof typeof FINDINGS

/** One case of it. */
export interface Finding {
  readonly kind: FindingKind
  readonly detail: string
}

/** Statuses that a client may see in a run. */
const EXPECTED: ReadonlySet<number> = new Set([0, 101, 200, 502, 503, 504])

/** Of a client that left before there was a status. */
const CLIENT_LEFT = 499

/** Holds what clients saw, what the log says and what `/metrics` counts against each other. */
export function settleAccounts(accounts: Accounts): Finding[] {
  const found = accounts.outcomes.flatMap((outcome) => checkOutcome(outcome, accounts))
  return [...found, ...checkBudget(accounts), ...checkMetrics(accounts)]
}

/** One request, in words for a person who looks for what went wrong. */
export function describe({ errand, ...outcome }: Outcome, line: AccessLine | undefined): string {
  const { startedAt, endedAt, ending, status, error, wrong } = outcome
  const seen = { ending, status, error, wrong, took: endedAt - startedAt, at: startedAt }
  return `${errand.isHttp2 ? 'h2 ' : ''}${errand.method} ${errand.path} ${JSON.stringify(seen)} ${JSON.stringify(line)}`
}

function checkOutcome(outcome: Outcome, { log, watch, crashes }: Accounts): Finding[] {
  const { errand, startedAt, endedAt, ending, status, wrong } = outcome
  const lines = log.requests.get(errand.id) ?? []
  const [line] = lines
  const found: Finding[] = []
  const find = (kind: FindingKind): void => void found.push({ kind, detail: describe(outcome, line) })
  if (ending === 'unanswered') find('unanswered')
  if (wrong !== undefined) find('wrong')
  if (!EXPECTED.has(status)) find('unexpected')
  const isOfCrash = crashes.mayExplain(startedAt, endedAt)
  // One that left at once may never have got there.
  const mayBeMissing = isOfCrash || (ending === 'left' && status === 0)
  if (lines.length !== 1 && !(lines.length === 0 && mayBeMissing)) find('unlogged')
  if (!line) return found
  if (!agrees(outcome, line) && !isOfCrash) find('disagreement')
  if (isFailure(outcome) && isSaveable(outcome, line, watch) === 'yes') find('saveable')
  return found
}

function isFailure({ ending, status }: Outcome): boolean {
  return ending === 'broken' || status >= 500
}

/** Whether what the client saw is what the gateway said that it did. */
function agrees({ ending, status, errand }: Outcome, line: AccessLine): boolean {
  const { reason } = line
  // Its client may have been gone before all came that was under way to it.
  if (ending === 'left') return status === 0 || line.status === status
  if (ending === 'unanswered') return true
  if (line.status === CLIENT_LEFT) return false
  // A reset may overtake a head that is under way, but only where the gateway has broken the response off.
  if (ending === 'broken') {
    if (errand.kind === 'upgrade' && status === 101) return line.status === 101
    return (status === 0 || line.status === status) && reason !== undefined && line.status === 200
  }
  return line.status === status && (status >= 500 || reason === undefined)
}

/** Failures that may be for want of a budget: not more than were denied for that. */
function checkBudget({ outcomes, log, metrics, watch }: Accounts): Finding[] {
  const short = new Map<string, string[]>()
  for (const outcome of outcomes) {
    const [line] = log.requests.get(outcome.errand.id) ?? []
    if (!line || !isFailure(outcome) || isSaveable(outcome, line, watch) !== 'budget') continue
    const { route } = outcome.errand
    short.set(route, [...(short.get(route) ?? []), describe(outcome, line)])
  }
  return [...short].flatMap(([group, details]) => {
    const denied = metrics.get(`xecureapi_retries_denied_total{group="${group}"}`) ?? 0
    return details.slice(denied).map((detail): Finding => ({ kind: 'saveable', detail }))
  })
}

/** Requests by route, method and status: as many in the log as in the counters, but for lines that a crash took along. */
function checkMetrics({ outcomes, log, metrics }: Accounts): Finding[] {
  const logged = new Map<string, number>()
  for (const { route, method, status } of [...log.requests.values()].flat())
    addOne(logged, seriesOf(route, method, status))
  const lost = new Map<string, number>()
  for (const { errand, status } of outcomes)
    if (!log.requests.has(errand.id)) addOne(lost, seriesOf(errand.route, errand.method, status))
  const counted = [...metrics.keys()].filter((series) => series.startsWith('xecureapi_requests_total{'))
  return [...new Set([...logged.keys(), ...counted])].flatMap((series) => {
    const [inLog, inMetrics] = [logged.get(series) ?? 0, metrics.get(series) ?? 0]
    const most = inLog + (lost.get(series) ?? 0)
    const off = Math.max(inLog - inMetrics, inMetrics - most, 0)
    const detail = `${series}: ${inLog} to ${most} by the log, ${inMetrics} in /metrics`
    return Array.from({ length: off }, (): Finding => ({ kind: 'miscounted', detail }))
  })
}

/** What never became a request has no route, and no method that is known. */
function seriesOf(route = '__none__', method = '__other__', status: number): string {
  return `xecureapi_requests_total{method="${method}",route="${route}",status="${status}"}`
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
