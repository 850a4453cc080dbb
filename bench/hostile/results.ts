import { markdownTable } from '../support/markdown.ts'
import { percentile } from '../support/statistics.ts'
import type { Attack } from './attacks.ts'
import type { ClientsReport } from './clients.ts'
import type { Observation } from './observer.ts'

/** Latency, in milliseconds, below which it is noise: attackers share two cores with everybody else. */
export const FLOOR = 5
/** How much slower than usual (p99) an ordinary request may be. */
const SLOWER = 2
/** Share of ordinary requests that must be served within that. */
const MUST = 0.99

/** An attack, and what became of ordinary clients meanwhile. */
export interface Result {
  readonly attack: Attack
  /** p99 without an attack, in milliseconds. */
  readonly usual: number
  readonly ordinary: ClientsReport
  readonly observation: Observation
  /** Of the attacker, by name. */
  readonly counts: Readonly<Record<string, number>>
}

/** The latency that an ordinary request may have, in milliseconds. */
export function allowed(usual: number): number {
  return SLOWER * Math.max(FLOOR, usual)
}

/** Share of the ordinary requests that were answered with 2xx, and within what is allowed. */
export function shares({ usual, ordinary }: Result): { readonly served: number; readonly inTime: number } {
  const { latencies, failures } = ordinary
  const sent = latencies.length + Object.values(failures).reduce((sum, count) => sum + count, 0)
  const inTime = latencies.filter((latency) => latency <= allowed(usual)).length
  return { served: latencies.length / sent, inTime: inTime / sent }
}

/** Whether ordinary clients were served as they must be. */
export function holds(result: Result): boolean {
  return shares(result).inTime >= MUST
}

/** The table of all attacks. */
export function hostileTable(results: readonly Result[]): string {
  const head = [
    'attack',
    '2xx',
    'in time',
    'usual p99 ms',
    'p99 ms',
    'CPU',
    'CPU of others',
    'open at once',
    'RSS MiB before, peak, after',
    'the gateway answered',
    'the attacker saw',
    'must'
  ]
  const rows = results.map((result) => {
    const { attack, usual, ordinary, observation, counts } = result
    const { served, inTime } = shares(result)
    const { memoryBefore, memoryPeak, memoryAfter, cpu, others, connections, answers } = observation
    const memory = [memoryBefore, memoryPeak, memoryAfter].map((each) => each.toFixed(0)).join(', ')
    return [
      attack.title,
      percent(served),
      percent(inTime),
      usual.toFixed(1),
      ordinary.latencies.length > 0 ? percentile(ordinary.latencies, 0.99).toFixed(1) : '',
      whole(cpu),
      whole(others),
      connections.toLocaleString('en-US'),
      memory,
      listed(answers),
      listed(counts),
      holds(result) ? 'holds' : 'FAILS'
    ]
  })
  return markdownTable([head, ...rows])
}

/** What went wrong for ordinary clients, and how late they were themselves; one line per attack that has something. */
export function remarks(results: readonly Result[]): string {
  return results
    .map(({ attack, ordinary }) => {
      const lag = percentile(ordinary.lags, 0.99)
      const failures = listed(ordinary.failures)
      const said = [
        failures && `failed: ${failures}`,
        lag > FLOOR && `clients late by ${lag.toFixed(0)} ms (p99)`
      ]
      const words = said.filter(Boolean).join('; ')
      return words && `- ${attack.title}: ${words}`
    })
    .filter(Boolean)
    .join('\n')
}

function whole(share: number): string {
  return `${Math.round(100 * share)} %`
}

function percent(share: number): string {
  // Never rounded up to what it is not.
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, count]) => `${name}: ${count.toLocaleString('en-US')}`)
    .join(', ')
}
