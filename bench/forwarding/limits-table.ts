import { shopPath } from '../support/shop-config.ts'
import { gateway } from './contestants/ours.ts'
import { cpuDifference, leastCpu, measurementsOf, medianOf } from './figures.ts'
import { GET_1K } from './loads.ts'
import { figure, markdownTable } from '../support/markdown.ts'
import type { Entry, Results } from './rounds.ts'

/** One way to limit requests. */
interface Limiting {
  readonly key: string
  /** Of the configuration; limits are so high that nobody is refused. */
  readonly config: object
}

/** Higher than what a machine can send. */
const PLENTY = { limit: 1_000_000, per: '1s' }
/** With so many keys each is asked for too seldom to be worth a lease. */
const KEYS = 1_000

const NONE: Limiting = { key: 'no limit', config: {} }

/** @param redis - Where a Redis listens; undefined = there is none. */
function waysOf(redis: string | undefined): Limiting[] {
  const local = [
    NONE,
    { key: 'one limit by address', config: { rateLimit: PLENTY } },
    {
      key: 'three limits, by address and path',
      config: {
        rateLimit: [PLENTY, { ...PLENTY, per: '1m' }, { ...PLENTY, key: ['ip', 'path'] }]
      }
    },
    {
      key: `one limit by path, ${KEYS.toLocaleString('en-US')} paths`,
      config: { rateLimit: { ...PLENTY, key: 'path' } }
    }
  ]
  if (redis === undefined) return local
  const store = { type: 'redis', url: redis }
  return [
    ...local,
    { key: 'one limit by address, in Redis', config: { store, rateLimit: PLENTY } },
    {
      key: `one limit by path, ${KEYS.toLocaleString('en-US')} paths, in Redis`,
      config: { store, rateLimit: { ...PLENTY, limit: 100_000, key: 'path' } }
    }
  ]
}

/** Ours without limits and with. */
export function limitsEntries(redis: string | undefined): Entry[] {
  const paths = Array.from({ length: KEYS }, (_, index) => `${shopPath(index)}/42`)
  return waysOf(redis).map(({ key, config }) => ({
    key,
    contestant: gateway({ name: key, title: key, more: config }),
    log: false,
    loads: [{ ...GET_1K, paths }]
  }))
}

/** What limits cost a request. */
export function limitsTable(redis: string | undefined, results: Results): string {
  const without = measurementsOf(results, NONE.key, GET_1K.name)
  const rows = waysOf(redis).map(({ key }) => {
    const measured = measurementsOf(results, key, GET_1K.name)
    const cost = cpuDifference(measured, without)
    const shown = cost > 0 ? cost.toFixed(1) : 'lost in noise'
    return [
      key,
      figure(medianOf(measured, 'cpu')),
      figure(leastCpu(measured)),
      key === NONE.key ? '' : shown,
      (medianOf(measured, 'p99') / 1000).toFixed(2),
      medianOf(measured, 'memory').toFixed(0)
    ]
  })
  return markdownTable([['ours', 'CPU µs/request', 'least', 'µs of limits', 'p99 ms', 'RSS MiB'], ...rows])
}
