import { verdictsOf } from '../../balancing/verdicts.ts'
import { sharedNow } from '../../shared-clock.ts'
import type { Backend } from '../../upstreams/backend.ts'
import { lineupOf } from '../../upstreams/group-lineup.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import { OTHER } from '../counted-words.ts'
import { type Labels, type MetricFamily, type Sample, summarySamples } from './family.ts'

/** Backends of a group that are told apart; registrations could bring any number of others. */
export const MOST_BACKENDS = 2000

interface Shown {
  readonly backend: Backend
  readonly labels: Labels
}

/** What is known of each backend. */
export function backendMetrics(registry: UpstreamRegistry, most = MOST_BACKENDS): MetricFamily[] {
  /** One object each, whose text prom-client keeps: with a thousand backends that halves the time of a scrape. */
  const known = new WeakMap<Backend, Labels>()
  const labelsOf = (backend: Backend): Labels => {
    let labels = known.get(backend)
    if (!labels) known.set(backend, (labels = { group: backend.group, backend: backend.id }))
    return labels
  }
  /** The backends that are told apart: all others of a group are left out. */
  function* shown(): Generator<Shown> {
    for (const { backends } of registry.groups.values()) {
      for (const backend of backends) {
        if (backend.place >= most) break
        yield { backend, labels: labelsOf(backend) }
      }
    }
  }
  /** Of the others, the sum. */
  function* others(read: (backend: Backend) => number): Generator<Sample> {
    for (const { name, backends } of registry.groups.values()) {
      if (backends.length <= most) continue
      const value = backends.slice(most).reduce((sum, backend) => sum + read(backend), 0)
      yield { sharedLabels: { group: name, backend: OTHER }, value }
    }
  }
  const number = (
    type: 'counter' | 'gauge',
    name: MetricFamily['name'],
    help: string,
    read: (backend: Backend) => number,
    isSummed = false
  ): MetricFamily => ({
    name,
    help,
    type,
    *collect() {
      for (const { backend, labels } of shown()) yield { sharedLabels: labels, value: read(backend) }
      // Of what is counted a sum would fall when one of them leaves.
      if (isSummed) yield* others(read)
    }
  })
  return [
    number('gauge', 'xecureapi_backend_health', '1 = healthy, by probes and by real traffic.', (backend) =>
      Number(registry.observed(backend).health === 'healthy')
    ),
    {
      name: 'xecureapi_backend_unhealthy',
      help: '1 for each backend that is not healthy, with the reason.',
      type: 'gauge',
      *collect() {
        for (const { backend, labels } of shown()) {
          const { health, reason } = registry.observed(backend)
          if (health !== 'healthy') yield { labels: { ...labels, reason }, value: 1 }
        }
      }
    },
    {
      name: 'xecureapi_backend_state',
      help: '1 of the state that an operator wants of a backend.',
      type: 'gauge',
      *collect() {
        for (const { backend, labels } of shown()) {
          yield { labels: { state: registry.administrative(backend) }, sharedLabels: labels, value: 1 }
        }
      }
    },
    {
      name: 'xecureapi_backend_share',
      help: "Share of its group's new traffic, 0 to 1.",
      type: 'gauge',
      *collect() {
        for (const group of registry.groups.values()) {
          for (const { candidate, share } of verdictsOf(group.backends, lineupOf(group, sharedNow()))) {
            if (candidate.place >= most) continue
            yield { sharedLabels: labelsOf(candidate), value: share }
          }
        }
      }
    },
    number('gauge', 'xecureapi_backend_in_flight', 'Attempts in flight.', ({ inFlight }) => inFlight, true),
    number(
      'counter',
      'xecureapi_backend_attempts_total',
      'Attempts that set out.',
      ({ attempts }) => attempts
    ),
    number(
      'counter',
      'xecureapi_backend_successes_total',
      'Attempts that went well.',
      ({ outcomes }) => outcomes.succeeded
    ),
    number(
      'counter',
      'xecureapi_backend_failures_total',
      'Attempts that failed by the fault of the backend.',
      ({ outcomes }) => outcomes.failed
    ),
    number(
      'gauge',
      'xecureapi_backend_latency_seconds',
      'The moving average of the time to the first byte that least-latency goes by; 0 = unknown.',
      ({ latency }) => latency / 1e6
    ),
    {
      name: 'xecureapi_backend_time_to_first_byte_seconds',
      help: 'Times to the first byte of a backend: their sum, and how many there were.',
      type: 'summary',
      *collect() {
        for (const { backend, labels } of shown()) yield* summarySamples(backend.timesToFirstByte(), labels)
      }
    }
  ]
}
