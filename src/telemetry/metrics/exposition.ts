import { Gauge, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client'
import type { MetricFamily } from './family.ts'

/** What prom-client's registry prints of a metric. */
type Printed = MetricObjectWithValues<MetricValue<string>>

/**
 * A metric whose numbers are counted elsewhere: prom-client's own would be set one by one before each print, and find each
 * by a text made of its labels.
 */
class LiveMetric extends Gauge {
  readonly #family: MetricFamily

  constructor(family: MetricFamily) {
    super({ name: family.name, help: family.help, registers: [] })
    this.#family = family
  }

  override async get(): Promise<Printed> {
    const { name, help, type, collect } = this.#family
    const values = Array.from(collect(), ({ suffix, labels = {}, ...sample }) => ({
      ...sample,
      labels,
      ...(suffix && { metricName: `${name}${suffix}` })
    }))
    // The registry prints it as it is: a word, whatever its types say.
    return {
      name,
      help,
      type: type as unknown as Printed['type'],
      aggregator: 'sum',
      collect: () => {},
      values
    }
  }
}

/** Makes what prints these families, in the text format of Prometheus. */
export function exposition(families: readonly MetricFamily[]): Registry {
  const registry = new Registry()
  for (const family of families) registry.registerMetric(new LiveMetric(family))
  return registry
}
