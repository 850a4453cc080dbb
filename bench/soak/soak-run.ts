import { setTimeout as delay } from 'node:timers/promises'
import { startBackends } from '../forwarding/backends.ts'
import { progress } from '../support/run-benchmark.ts'
import type { ClientReport } from '../support/wrk.ts'
import { CONNECTIONS, runClients } from './clients.ts'
import { type Minute, minutesOf } from './minutes.ts'
import { sampleGateway, type SoakSample, watchGateway } from './soak-samples.ts'
import { KEEP_ALIVE, startSoaked } from './soaked-gateway.ts'

/** How much, and how long. */
export interface SoakOptions {
  /** File of the gateway's command line. */
  readonly cli: string
  readonly folder: string
  /** Seconds. */
  readonly duration: number
  /** Seconds in which it is found out what the gateway can do. */
  readonly calibration: number
  /** Share of that to ask for, 0 to 1. */
  readonly share: number
}

/** What came of it. */
export interface SoakResult {
  /** Requests per second that the gateway can do. */
  readonly peak: number
  readonly minutes: readonly Minute[]
  /** Warm, but without any load. */
  readonly before: SoakSample
  readonly after: SoakSample
  readonly report: ClientReport
  readonly odd: readonly string[]
  readonly exitCode: number | null
}

const BACKENDS = 3
const INTERVAL = 2_000
/** How long all connections may take to be closed once the load has ended, in milliseconds. */
const REST = 4 * KEEP_ALIVE
/** About how long a request takes at such a load, in milliseconds. */
const LATENCY = 2

/** Finds out what the gateway can do, then asks for a share of it for a long time. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { cli, folder, duration, calibration, share } = options
  const { urls } = await startBackends(folder)
  const gateway = await startSoaked(cli, urls.slice(0, BACKENDS), folder)
  progress(`what it can do, ${calibration} s`)
  const { requests, seconds } = await runClients(gateway.url, calibration, 0, folder)
  const peak = requests / seconds
  const before = await rest()
  progress(`${share} × ${peak.toFixed(0)} requests/s for ${(duration / 60).toFixed(0)} minutes`)
  const stop = watchGateway(gateway, INTERVAL)
  const pause = Math.max(0, (1000 * CONNECTIONS) / (share * peak) - LATENCY)
  const report = await runClients(gateway.url, duration, pause, folder)
  const minutes = minutesOf(stop())
  const after = await rest()
  const exitCode = await gateway.process.stop()
  return { peak, minutes, before, after, report, odd: await gateway.odd(), exitCode }

  async function rest(): Promise<SoakSample> {
    const deadline = performance.now() + REST
    for (;;) {
      const sample = await sampleGateway(gateway)
      if (sample.connections === 0 || performance.now() > deadline) return sample
      await delay(200)
    }
  }
}
