import { type Scrape, scrape } from '../../test/helpers/scrape.ts'
import { type ProcessSample, sampleProcess } from '../support/process-samples.ts'
import type { SoakedGateway } from './soaked-gateway.ts'

/** What the kernel and the gateway itself say at one moment. */
export interface SoakSample extends ProcessSample {
  /** Heap in use of the control plane's thread, in MiB. */
  readonly heap: number
  /** Connections of clients and to backends. */
  readonly connections: number
  /** How late the worker's loop was within a second, p99, in milliseconds. */
  readonly delay: number
  /** Requests so far. */
  readonly requests: number
}

/** Looks at a gateway. @throws Error when it has ended. */
export async function sampleGateway({ adminUrl, process }: SoakedGateway): Promise<SoakSample> {
  process.checkRuns()
  const metrics = await scrape(adminUrl)
  return {
    ...(await sampleProcess(process.pid)),
    heap: (metrics.get('nodejs_heap_size_used_bytes') ?? 0) / 2 ** 20,
    connections: sum(metrics, 'xecureapi_connections') + sum(metrics, 'xecureapi_group_connections'),
    delay: 1000 * (metrics.get('xecureapi_event_loop_delay_seconds{stat="p99",worker="0"}') ?? 0),
    requests: sum(metrics, 'xecureapi_requests_total')
  }
}

/** Looks at it again and again, until it is told to stop. @param interval - Milliseconds. */
export function watchGateway(gateway: SoakedGateway, interval: number): () => SoakSample[] {
  const samples: SoakSample[] = []
  const timer = setInterval(() => {
    // One that has ended is told of by the clients.
    sampleGateway(gateway).then(
      (sample) => void samples.push(sample),
      () => {}
    )
  }, interval)
  return () => {
    clearInterval(timer)
    return samples
  }
}

/** Of all series of a family. */
function sum(metrics: Scrape, family: string): number {
  return [...metrics]
    .filter(([series]) => series === family || series.startsWith(`${family}{`))
    .reduce((total, [, value]) => total + value, 0)
}
