import { shopPath } from '../support/shop-config.ts'
import { gateway } from './contestants/ours.ts'
import { cpuRatio, leastCpu, measurementsOf, medianOf } from './figures.ts'
import { GET_1K } from './loads.ts'
import { figure, markdownTable } from '../support/markdown.ts'
import type { Entry, Results } from './rounds.ts'

/** So many routes and backends. */
interface Size {
  readonly routes: number
  readonly backends: number
}

const SMALLEST: Size = { routes: 1, backends: 3 }
const MANY_ROUTES: Size = { routes: 1_000, backends: 3 }
const MANY_BACKENDS: Size = { routes: 1, backends: 1_000 }
const SIZES: readonly Size[] = [
  SMALLEST,
  { routes: 100, backends: 3 },
  MANY_ROUTES,
  { routes: 1, backends: 100 },
  MANY_BACKENDS
]

/** Longer than a round: a thousand probes every two seconds would be a load of their own. */
const PROBE_EVERY = '10m'

/** Ours, from small to large. The clients ask for all of its routes in turn. */
export function scaleEntries(): Entry[] {
  return SIZES.map((size) => {
    const key = keyOf(size)
    const routes = Array.from({ length: size.routes }, (_, index) => shopPath(index))
    const contestant = gateway({
      name: `ours-${size.routes}-${size.backends}`,
      title: key,
      routes,
      backends: size.backends,
      probeEvery: PROBE_EVERY
    })
    return { key, contestant, log: false, loads: [{ ...GET_1K, paths: routes.map((path) => `${path}/42`) }] }
  })
}

/** CPU time per request with 1,000 routes, and with 1,000 backends, as a multiple of that with few. */
export function costOfSize(results: Results): { readonly routes: number; readonly backends: number } {
  return { routes: ratio(results, MANY_ROUTES), backends: ratio(results, MANY_BACKENDS) }
}

/** What size costs. */
export function scaleTable(results: Results): string {
  const rows = SIZES.map((size) => {
    const measured = measurementsOf(results, keyOf(size), GET_1K.name)
    return [
      keyOf(size),
      figure(medianOf(measured, 'cpu')),
      figure(leastCpu(measured)),
      size === SMALLEST ? '' : ratio(results, size).toFixed(2),
      (medianOf(measured, 'p99') / 1000).toFixed(2),
      medianOf(measured, 'memory').toFixed(0)
    ]
  })
  return markdownTable([['ours', 'CPU µs/request', 'least', '÷ the smallest', 'p99 ms', 'RSS MiB'], ...rows])
}

function ratio(results: Results, size: Size): number {
  const [smallest, it] = [SMALLEST, size].map((each) => measurementsOf(results, keyOf(each), GET_1K.name))
  return cpuRatio(it!, smallest!)
}

function keyOf({ routes, backends }: Size): string {
  return `${routes.toLocaleString('en-US')} route${routes === 1 ? '' : 's'}, ${backends.toLocaleString('en-US')} backends`
}
