import type { EventLog, GatewayEvent } from '../events.ts'
import type { Labels, MetricFamily, Sample } from './family.ts'

/** What is counted of events: the metric, and its labels; of those that name a group, while there is one of that name. */
const COUNTED: {
  readonly [Type in GatewayEvent['type']]?: {
    readonly name: MetricFamily['name']
    readonly help: string
    /** undefined = it does not count. */
    readonly labels: (event: Extract<GatewayEvent, { type: Type }>) => Labels | undefined
  }
} = {
  health: {
    name: 'xecureapi_health_flips_total',
    help: 'How often probes found a backend of a group well or ill.',
    labels: ({ group, to }) => ({ group, to })
  },
  ejection: {
    name: 'xecureapi_ejections_total',
    help: 'How often real traffic found a backend bad: enforced, or only detected.',
    labels: ({ group, state, reason }) => (state === 'ended' ? undefined : { group, state, reason })
  },
  breaker: {
    name: 'xecureapi_circuit_breaker_transitions_total',
    help: 'How often a circuit breaker changed to a state.',
    labels: ({ group, to }) => ({ group, to })
  },
  traffic: {
    name: 'xecureapi_traffic_changes_total',
    help: 'How often new traffic of a group began to go elsewhere: first_tier, spilled, panic, nobody.',
    labels: ({ group, to }) => ({ group, to })
  },
  registration: {
    name: 'xecureapi_registrations_total',
    help: 'Changes of what is registered at run time.',
    labels: ({ group, change }) => ({ group, change })
  },
  discovery: {
    name: 'xecureapi_discovery_changes_total',
    help: 'How often the discovery of a group began to fail, or works again.',
    labels: ({ group, state }) => ({ group, state })
  },
  store: {
    name: 'xecureapi_store_changes_total',
    help: 'How often the store went away, or came back, for each use that is made of it.',
    labels: ({ state, use }) => ({ state, use })
  },
  openapi: {
    name: 'xecureapi_documents_changes_total',
    help: "How often the OpenAPI document of a group's services could not be had, could again, or was another.",
    labels: ({ group, state }) => ({ group, state })
  },
  keys: {
    name: 'xecureapi_issuer_keys_changes_total',
    help: 'How often keys of issuers of tokens could not be had, could again, or were others.',
    labels: ({ state }) => ({ state })
  },
  certificate: {
    name: 'xecureapi_certificate_events_total',
    help: 'Certificates that were renewed, refused, expire soon or have expired.',
    labels: ({ state }) => ({ state })
  },
  reload: {
    name: 'xecureapi_reloads_total',
    help: 'Configurations that were tried.',
    labels: ({ trigger, outcome }) => ({ trigger, outcome })
  },
  worker: {
    name: 'xecureapi_worker_changes_total',
    help: 'Worker threads that died, and that serve again.',
    labels: ({ state, reason }) => (reason === undefined ? { state } : { state, reason })
  }
}

interface Count {
  readonly labels: Labels
  value: number
}

/** Counts events, which tell of what is rare: all of them, whoever reads the stream. */
export class EventCounts {
  readonly #counts = new Map<string, Map<string, Count>>()
  #hasFailed = false
  #lastSuccess: number

  /** @param now - Milliseconds since the epoch: the configuration of the start is in force. */
  constructor(events: EventLog, now: number) {
    this.#lastSuccess = now
    events.on('event', (event) => this.#take(event))
  }

  /** @param hasGroup - Whether there is a group of this name: what is counted of others is forgotten. */
  families(hasGroup: (name: string) => boolean): MetricFamily[] {
    return [
      ...Object.values(COUNTED).map(({ name, help }) => ({
        name,
        help,
        type: 'counter' as const,
        collect: () => this.#samples(name, hasGroup)
      })),
      {
        name: 'xecureapi_last_reload_successful',
        help: 'Whether the last configuration that was tried could be served.',
        type: 'gauge',
        collect: () => [{ value: Number(!this.#hasFailed) }]
      },
      {
        name: 'xecureapi_last_reload_success_timestamp_seconds',
        help: 'When a configuration was last put in force, the first one included.',
        type: 'gauge',
        collect: () => [{ value: this.#lastSuccess / 1000 }]
      }
    ]
  }

  #take(event: GatewayEvent): void {
    if (event.type === 'reload') {
      this.#hasFailed = event.outcome === 'failed'
      if (event.outcome === 'applied') this.#lastSuccess = Date.parse(event.time)
    }
    const counted = COUNTED[event.type]
    // Each entry takes events of its own type.
    const labels = counted?.labels(event as never)
    if (!counted || !labels) return
    let counts = this.#counts.get(counted.name)
    if (!counts) this.#counts.set(counted.name, (counts = new Map()))
    const key = JSON.stringify(labels)
    const count = counts.get(key)
    if (count) count.value++
    else counts.set(key, { labels, value: 1 })
  }

  #samples(name: string, hasGroup: (name: string) => boolean): Sample[] {
    const counts = this.#counts.get(name) ?? new Map<string, Count>()
    for (const [key, { labels }] of counts) {
      if (labels['group'] !== undefined && !hasGroup(String(labels['group']))) counts.delete(key)
    }
    return [...counts.values()].map(({ labels, value }) => ({ labels, value }))
  }
}
