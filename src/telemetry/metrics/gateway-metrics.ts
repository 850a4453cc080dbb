import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import type { ClientCounts } from '../../limits/client-counts.ts'
import { readEventLoops } from '../../threads/thread-stats.ts'
import type { LiveTable } from '../../upstreams/live-table.ts'
import type { MetricFamily, Sample } from './family.ts'

/** What is known of the gateway as a whole. */
export interface GatewayFacts {
  /** Number of the generation that serves. */
  readonly generation: () => number
  /** Threads that should serve, and those that do. */
  readonly workers: () => { readonly configured: number; readonly serving: number }
  /** How the threads do. */
  readonly threads: LiveTable
  readonly connections: ClientCounts
  /** Gateways that share the rate limits, this one included. */
  readonly gateways: () => number
  /** Why the store can't be written to; undefined = it can. */
  readonly storeTrouble: () => string | undefined
  /** Why the discovery of a group fails, by the groups that have one; undefined = it works. */
  readonly discoveries: () => ReadonlyMap<string, string | undefined>
  /** Spans that were exported, and those that were not. */
  readonly spans: () => { readonly exported: number; readonly dropped: number }
  /** Certificates of the public listener: where they stand in the configuration, and when they end, in milliseconds. */
  readonly certificates: () => readonly { readonly path: string; readonly expires: number }[]
}

/** What is known of the gateway as a whole, and of its threads. */
export function gatewayMetrics(facts: GatewayFacts): MetricFamily[] {
  const one = (
    type: 'counter' | 'gauge',
    name: MetricFamily['name'],
    help: string,
    read: () => number
  ): MetricFamily => ({ name, help, type, collect: () => [{ value: read() }] })
  return [
    {
      name: 'xecureapi_build_info',
      help: '1, with the versions of the gateway and of Node.',
      type: 'gauge',
      collect: () => [{ labels: { version: ownVersion(), node: process.versions.node }, value: 1 }]
    },
    one('gauge', 'xecureapi_generation', 'The generation that serves.', facts.generation),
    one('gauge', 'xecureapi_workers', 'Threads that should serve.', () => facts.workers().configured),
    one('gauge', 'xecureapi_workers_serving', 'Threads that do.', () => facts.workers().serving),
    one('gauge', 'xecureapi_gateways', 'Gateways that share the rate limits.', facts.gateways),
    one('gauge', 'xecureapi_store_up', 'Whether the store can be written to.', () =>
      Number(facts.storeTrouble() === undefined)
    ),
    {
      name: 'xecureapi_discovery_up',
      help: 'Whether the backends of a group are what its discovery says now.',
      type: 'gauge',
      collect: () =>
        Array.from(facts.discoveries(), ([group, reason]) => ({
          labels: { group },
          value: Number(reason === undefined)
        }))
    },
    {
      name: 'xecureapi_certificate_expiry_timestamp_seconds',
      help: 'When a certificate ends.',
      type: 'gauge',
      collect: () =>
        facts.certificates().map(({ path, expires }) => ({ labels: { path }, value: expires / 1000 }))
    },
    {
      name: 'xecureapi_event_loop_delay_seconds',
      help: 'How late timers of a thread were in the last second.',
      type: 'gauge',
      *collect() {
        for (const { row: worker, mean, p99, most } of readEventLoops(facts.threads)) {
          yield { labels: { worker, stat: 'mean' }, value: mean }
          yield { labels: { worker, stat: 'p99' }, value: p99 }
          yield { labels: { worker, stat: 'max' }, value: most }
        }
      }
    },
    {
      name: 'xecureapi_event_loop_utilization',
      help: 'Share of the last second that a thread was busy, 0 to 1.',
      type: 'gauge',
      collect: () =>
        readEventLoops(facts.threads).map(({ row: worker, utilization }) => ({
          labels: { worker },
          value: utilization
        }))
    },
    one('gauge', 'xecureapi_connections', 'Connections of clients.', () => facts.connections.total),
    one(
      'counter',
      'xecureapi_connections_accepted_total',
      'Connections of clients that were accepted, without those that were turned away at once.',
      () => facts.connections.tallies.accepted
    ),
    one(
      'counter',
      'xecureapi_spans_exported_total',
      'Spans that a collector took.',
      () => facts.spans().exported
    ),
    one(
      'counter',
      'xecureapi_spans_dropped_total',
      'Spans that no collector took in time.',
      () => facts.spans().dropped
    ),
    {
      name: 'xecureapi_connections_turned_away_total',
      help: 'Connections that were closed at once (refused), or for new ones (evicted).',
      type: 'counter',
      collect: () => turnedAway(facts.connections)
    }
  ]
}

function turnedAway({ tallies: { refused, refusedOfOne, evicted } }: ClientCounts): Sample[] {
  return [
    { labels: { reason: 'max_connections', how: 'refused' }, value: refused },
    { labels: { reason: 'max_connections', how: 'evicted' }, value: evicted },
    { labels: { reason: 'max_connections_per_ip', how: 'refused' }, value: refusedOfOne }
  ]
}

let version: string | undefined

function ownVersion(): string {
  if (version === undefined) {
    const { version: own } = JSON.parse(readFileSync(findPackageJSON(import.meta.url)!, 'utf8')) as {
      version: string
    }
    version = own
  }
  return version
}
