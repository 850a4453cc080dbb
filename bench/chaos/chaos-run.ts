import { setTimeout as delay } from 'node:timers/promises'
import { seeded } from '../../test/balancing/seeded.ts'
import type { Cleanup } from '../../test/helpers/cleanup.ts'
import { type Scrape, scrape } from '../../test/helpers/scrape.ts'
import { until } from '../../test/helpers/until.ts'
import { type ProcessSample, ProcessWatch } from '../support/process-samples.ts'
import { type GatewayLog, readGatewayLog } from './access-lines.ts'
import { ChaosLoad } from './chaos-load.ts'
import { type ChaosWorld, startWorld, type WorldOptions } from './chaos-world.ts'
import { Crashes } from './crashes.ts'
import { HealthWatch } from './health-watch.ts'
import { type Finding, settleAccounts } from './ledger.ts'
import { Mayhem, type Pace } from './mayhem.ts'
import type { Outcome } from './sight.ts'

/** How much, how long, and how wild. */
export interface ChaosOptions extends WorldOptions {
  readonly seed: number
  /** Milliseconds of trouble. */
  readonly duration: number
  /** Requests per second. */
  readonly rate: number
  readonly pace: Pace
}

/** What came of it. */
export interface ChaosResult {
  readonly outcomes: readonly Outcome[]
  readonly sent: number
  /** How often each trouble befell something. */
  readonly troubles: ReadonlyMap<string, number>
  readonly findings: readonly Finding[]
  readonly log: GatewayLog
  readonly metrics: Scrape
  readonly crashes: number
  /** Requests that a crash took along without a word. */
  readonly takenAlong: number
  /** Failures after all trouble was over. */
  readonly lateFailures: number
  /** Gauges that did not come back to 0, as `series = value`. */
  readonly restless: readonly string[]
  /** Backends that were not well again in time. */
  readonly ill: string
  readonly unprovoked: readonly string[]
  /** Milliseconds. */
  readonly slowestRecovery: number
  /** Of the gateway, while there was trouble. */
  readonly samples: readonly ProcessSample[]
  readonly exitCode: number | null
}

/** A client gives up after so many milliseconds: longer than all timeouts and attempts together. */
const GIVE_UP_AFTER = 30_000
/** How long everything may take to be well again, in milliseconds. */
const RECOVERY = 30_000
/** How long ordinary traffic goes on after that, in milliseconds. */
const CALM = 1_500
/** How long gauges may take to be 0 again, in milliseconds: connections to backends are kept for a while. */
const REST = 15_000
const SAMPLE_INTERVAL = 500

/** Gauges of what is under way. */
const GAUGES =
  /^xecureapi_(?:requests_in_flight|retries_in_flight|queue_waiting|backend_in_flight|connections|group_connections|concurrency_in_flight)(?:\{|$)/

/** One run: load and trouble, then calm, then nothing; and what is to be said of it. */
export async function runChaos(t: Cleanup, options: ChaosOptions): Promise<ChaosResult> {
  const { seed, duration, rate, groups, pace } = options
  const world = await startWorld(t, options)
  const { gateway, backends } = world
  const watch = new HealthWatch(gateway.adminUrl, backends)
  t.after(() => watch.stop())
  // The discovered ones are not yet.
  await until('all backends are well', () => watch.isSettled)
  const load = new ChaosLoad({
    url: gateway.url,
    ca: world.ca,
    routes: groups,
    perSecond: rate,
    giveUpAfter: GIVE_UP_AFTER,
    random: seeded(seed + 1)
  })
  const crashes = new Crashes(gateway, () => load.renew())
  const mayhem = new Mayhem({ world, watch, crashes }, pace, seeded(seed))
  const processWatch = new ProcessWatch(gateway.pid, SAMPLE_INTERVAL)
  await mayhem.run(AbortSignal.timeout(duration))
  processWatch.stop()
  const ill = await waitUntilWell(watch)
  const calmSince = Date.now()
  await delay(CALM)
  await load.stop()
  await watch.stop()
  const { restless, metrics } = await waitForRest(world)
  const exitCode = await gateway.stop()
  const log = await readGatewayLog(gateway)
  const { outcomes, sent } = load
  return {
    outcomes,
    sent,
    troubles: mayhem.counts,
    findings: settleAccounts({ outcomes, log, metrics, watch, crashes }),
    log,
    metrics,
    crashes: crashes.count,
    takenAlong: outcomes.filter(({ errand }) => !log.requests.has(errand.id)).length,
    lateFailures: outcomes.filter((outcome) => outcome.startedAt >= calmSince && hasFailed(outcome)).length,
    restless,
    ill,
    unprovoked: watch.unprovoked,
    slowestRecovery: watch.slowestRecovery,
    samples: processWatch.samples,
    exitCode
  }
}

function hasFailed({ ending, status }: Outcome): boolean {
  return ending === 'broken' || ending === 'unanswered' || status >= 400
}

/** @returns Those that are not well after all that time. */
async function waitUntilWell(watch: HealthWatch): Promise<string> {
  try {
    await until('all backends are well', () => watch.isAllWell, RECOVERY)
    return ''
  } catch {
    return watch.touched
  }
}

/** Waits until nothing is under way any more, as far as it comes to that. */
async function waitForRest({ gateway }: ChaosWorld): Promise<{ restless: string[]; metrics: Scrape }> {
  const deadline = performance.now() + REST
  for (;;) {
    const metrics = await scrape(gateway.adminUrl)
    const restless = [...metrics]
      .filter(([series, value]) => GAUGES.test(series) && value !== 0)
      .map(([series, value]) => `${series} = ${value}`)
    if (restless.length === 0 || performance.now() > deadline) return { restless, metrics }
    await delay(100)
  }
}
