import { PRIORITIES } from '../../config/types.ts'
import { sharedNow } from '../../shared-clock.ts'
import { lineupOf } from '../../upstreams/group-lineup.ts'
import type { WordCounts } from '../../upstreams/group-stats.ts'
import type { UpstreamGroup, UpstreamGroups } from '../../upstreams/group.ts'
import type { HistogramReading } from '../histogram.ts'
import { familyOf, histogramSamples, type MetricFamily, type Sample } from './family.ts'

/** What is counted of whole groups. */
export function groupMetrics(groups: () => UpstreamGroups): MetricFamily[] {
  const family = familyOf(() => groups().values())
  const number = (
    type: 'counter' | 'gauge',
    name: MetricFamily['name'],
    help: string,
    read: (group: UpstreamGroup) => number
  ): MetricFamily =>
    family(type, name, help, (group) => [{ labels: { group: group.name }, value: read(group) }])
  const histogram = (
    name: MetricFamily['name'],
    help: string,
    read: (group: UpstreamGroup) => HistogramReading
  ): MetricFamily =>
    family('histogram', name, help, (group) => histogramSamples(read(group), { group: group.name }))
  const reasons = (
    name: MetricFamily['name'],
    help: string,
    read: (group: UpstreamGroup) => WordCounts
  ): MetricFamily => family('counter', name, help, (group) => byReason(group.name, read(group)))

  return [
    histogram(
      'xecureapi_group_request_duration_seconds',
      "From a request's head to the end of its response, of requests that went to a group.",
      ({ live }) => live.stats.durations
    ),
    histogram(
      'xecureapi_time_to_first_byte_seconds',
      "From an attempt's start, or the end of its upload, to the head of the response.",
      ({ live }) => live.stats.timesToFirstByte
    ),
    reasons(
      'xecureapi_picks_total',
      'Backends that were picked, by how that came about.',
      ({ live }) => live.stats.picks
    ),
    reasons(
      'xecureapi_attempt_failures_total',
      'Attempts that failed, by reason.',
      ({ live }) => live.stats.failures
    ),
    reasons(
      'xecureapi_refusals_total',
      'Requests for which no backend was tried, by reason.',
      ({ live }) => live.stats.refusals
    ),
    number(
      'counter',
      'xecureapi_retries_total',
      'Attempts after the first.',
      (group) => group.live.stats.retries
    ),
    number(
      'counter',
      'xecureapi_retries_denied_total',
      'Attempts that were not made since the retry budget was used up.',
      ({ live }) => live.stats.retriesDenied
    ),
    number(
      'gauge',
      'xecureapi_retries_in_flight',
      'Retries that the budget counts now.',
      ({ live }) => live.stats.retrying
    ),
    number('gauge', 'xecureapi_queue_waiting', 'Requests that wait for a place.', ({ live }) => live.waiting),
    histogram(
      'xecureapi_queue_wait_seconds',
      'How long requests waited for a place, whether they got one or not.',
      ({ live }) => live.stats.waits
    ),
    number(
      'gauge',
      'xecureapi_group_connections',
      'Connections to backends, idle ones too; upgraded ones are not counted any more.',
      ({ live }) => live.stats.connections
    ),
    number(
      'counter',
      'xecureapi_group_connects_total',
      'Connections to backends that were begun.',
      ({ live }) => live.stats.connects
    ),
    family('gauge', 'xecureapi_circuit_breaker_state', '1 of the state that it is in.', breakerState),
    number('gauge', 'xecureapi_panic', 'Whether all backends are used, since too few are healthy.', (group) =>
      Number(lineupOf(group, sharedNow()).isPanic)
    ),
    family('gauge', 'xecureapi_concurrency_limit', 'Requests that may be under way.', ({ name, load }) =>
      load ? [{ labels: { group: name }, value: load.limit }] : []
    ),
    family('gauge', 'xecureapi_concurrency_in_flight', 'Requests under way that the limit counts.', (group) =>
      group.load ? [{ labels: { group: group.name }, value: group.load.underWay() }] : []
    ),
    family('counter', 'xecureapi_requests_shed_total', 'Requests that the limit refused.', shed)
  ]
}

function byReason(group: string, counts: WordCounts): Sample[] {
  return counts.map(([reason, value]) => ({ labels: { group, reason }, value }))
}

function breakerState({ name, live, settings }: UpstreamGroup): Sample[] {
  if (!settings.circuitBreaker) return []
  return (['closed', 'open', 'half-open'] as const).map((state) => ({
    labels: { group: name, state },
    value: Number(live.breaker === state)
  }))
}

function shed({ name, load }: UpstreamGroup): Sample[] {
  if (!load) return []
  return load.refused.map((value, place) => ({
    labels: { group: name, priority: PRIORITIES[place]! },
    value
  }))
}
