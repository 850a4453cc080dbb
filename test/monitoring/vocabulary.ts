import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { exposedFamilies, processFamilies } from './exposed-families.ts'
import { readPromql } from './promql.ts'

/** Labels of a metric by its name. */
export type Vocabulary = ReadonlyMap<string, ReadonlySet<string>>

/** Labels that Prometheus gives to everything that it scrapes. */
const OF_THE_SCRAPE = ['job', 'instance']

/**
 * Every series that can be asked for, with its labels: those of the gateway, what is recorded of them, and Prometheus' own.
 *
 * @param recorded - Names of recording rules; what stands before their first colon is the labels that are left beside `job`.
 */
export async function vocabulary(t: TestContext, recorded: readonly string[]): Promise<Vocabulary> {
  const known = new Map<string, ReadonlySet<string>>([
    ['up', new Set(OF_THE_SCRAPE)],
    [
      'ALERTS',
      new Set([...OF_THE_SCRAPE, 'alertname', 'alertstate', 'severity', 'route', 'group', 'backend'])
    ]
  ])
  for (const { name, type, labels } of await exposedFamilies(t)) {
    const all = [...OF_THE_SCRAPE, ...labels]
    if (type === 'histogram') known.set(`${name}_bucket`, new Set([...all, 'le']))
    if (type === 'histogram' || type === 'summary') {
      for (const suffix of ['_sum', '_count']) known.set(name + suffix, new Set(all))
    } else known.set(name, new Set(all))
  }
  for (const name of await processFamilies()) known.set(name, new Set(OF_THE_SCRAPE))
  for (const name of recorded) {
    const [level = '', metric = ''] = name.split(':')
    const labels = level.split('_')
    known.set(name, new Set(['job', ...labels, ...(metric.endsWith('_bucket') ? ['le'] : [])]))
  }
  return known
}

/** Asserts that an expression asks only for what there is. @returns The labels that its result may have. */
export function assertKnown(expression: string, known: Vocabulary): ReadonlySet<string> {
  const { metrics, matchers, groupings } = readPromql(expression)
  for (const metric of metrics) assert.ok(known.has(metric), `there is no ${metric}: ${expression}`)
  for (const { metric, label } of matchers) {
    assert.ok(known.get(metric)?.has(label), `${metric} has no label ${label}: ${expression}`)
  }
  const labels = new Set([...metrics].flatMap((metric) => [...known.get(metric)!]))
  for (const label of groupings) assert.ok(labels.has(label), `nothing has a label ${label}: ${expression}`)
  return groupings.size > 0 ? groupings : labels
}
