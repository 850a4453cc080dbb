import type { RouteStats } from '../route-stats.ts'
import { familyOf, histogramSamples, type MetricFamily } from './family.ts'

const STATUS_CLASSES = [1, 2, 3, 4, 5] as const

/** Requests by the route that takes them; `__none__` of those that no route does, and of what never became a request. */
export function requestMetrics(stats: () => RouteStats): MetricFamily[] {
  const family = familyOf(() => {
    const read = stats()
    return Array.from(read.routes, ([route, slot]) => ({ route, slot, stats: read }))
  })
  return [
    family('counter', 'xecureapi_requests_total', 'Requests that are over.', function* (of) {
      for (const { method, status, count } of of.stats.counts(of.slot)) {
        yield { labels: { route: of.route, method, status: status || '__other__' }, value: count }
      }
    }),
    family(
      'histogram',
      'xecureapi_request_duration_seconds',
      "From a request's head to the end of its response.",
      function* (of) {
        for (const statusClass of STATUS_CLASSES) {
          const reading = of.stats.durations(of.slot, statusClass)
          if (reading.buckets.every((count) => count === 0)) continue
          yield* histogramSamples(reading, { route: of.route, status_class: `${statusClass}xx` })
        }
      }
    ),
    family(
      'gauge',
      'xecureapi_requests_in_flight',
      'Requests that are not over.',
      ({ route, slot, ...of }) => [{ labels: { route }, value: of.stats.inFlight(slot) }]
    ),
    family(
      'counter',
      'xecureapi_request_failures_total',
      'Requests that did not go well, by the reason that the access log has.',
      ({ route, slot, ...of }) =>
        of.stats.reasons(slot).map(([reason, value]) => ({ labels: { route, reason }, value }))
    )
  ]
}
