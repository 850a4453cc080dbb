import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sharedNow } from '../../src/shared-clock.ts'
import { startBackend } from './backend.ts'
import { type ChildGateway, startChildGateway } from './child-gateway.ts'
import { keepAliveAgent, type Outcome, send } from './load.ts'
import { startRedis, type TestRedis } from './redis-server.ts'
import type { Admission } from './worst-window.ts'

/** What its client saw of a request. */
export interface TimedOutcome extends Outcome {
  /** Milliseconds until it was answered. */
  readonly took: number
}

/** What a load came to. */
export interface LimitLoad {
  readonly outcomes: TimedOutcome[]
  /** Requests that came to the backend. */
  readonly admissions: Admission[]
}

/** Gateways that share a limit in a Redis, in processes of their own. */
export interface LimitLab {
  readonly redis: TestRedis
  readonly gateways: readonly ChildGateway[]
  /** Sends requests from four clients to all gateways for a while. */
  readonly load: (milliseconds: number, perSecond: number) => Promise<LimitLoad>
  /** When the first thread missed the store, and when the last was back, in turns; of {@link sharedNow}. */
  readonly changes: () => number[]
  /**
   * How much may have come until a moment because threads missed the store, as documented: a burst with each change, and
   * the share of a gateway that may have been the only one to miss it.
   */
  readonly excused: () => (moment: number) => number
}

/** Gateways and threads of a {@link LimitLab}. */
export const GATEWAYS = 2
export const WORKERS = 2
const CLIENTS = 4

const AWAY = 'the store is away: each gateway decides its share of the rate limits'
const BACK = 'rate limits are shared again'

/** The limit that all clients are under together. */
export interface LabLimit {
  /** Per second. */
  readonly limit: number
  readonly burst: number
}

/** Starts two gateways with two workers each in front of a backend, on one Redis. */
export async function startLimitLab(t: TestContext, limit: LabLimit): Promise<LimitLab> {
  const admissions: Admission[] = []
  const backend = await startBackend(t, 'a', (request, response) => {
    admissions.push({ sent: Number(request.headers['x-sent']), arrived: sharedNow() })
    response.end('ok')
  })
  const redis = await startRedis(t)
  const config = {
    log: { level: 'info', access: false },
    store: { type: 'redis', url: redis.url },
    rateLimit: { ...limit, per: '1s' },
    upstreams: { lab: { backends: [backend.url] } },
    routes: [{ path: '/', upstream: 'lab' }]
  }
  const gateways: ChildGateway[] = []
  for (let gateway = 0; gateway < GATEWAYS; gateway++) {
    gateways.push(await startChildGateway(t, config, WORKERS))
  }
  // They count each other every second.
  await delay(1500)
  const agents = Array.from({ length: CLIENTS }, () => keepAliveAgent(t))
  return {
    redis,
    gateways,
    load: async (milliseconds, perSecond) => {
      const outcomes: TimedOutcome[] = []
      const clients = agents.map(async (agent, client) => {
        const underWay: Promise<void>[] = []
        const begin = sharedNow() + client
        for (let sent = 0; sharedNow() < begin + milliseconds; sent++) {
          await delay(Math.max(0, begin + (sent * 1000 * CLIENTS) / perSecond - sharedNow()))
          const { url } = gateways[(sent + client) % GATEWAYS]!
          const at = sharedNow()
          const one = send(agent, url, { headers: { 'x-sent': String(at) } })
          underWay.push(one.then((outcome) => void outcomes.push({ ...outcome, took: sharedNow() - at })))
        }
        await Promise.all(underWay)
      })
      await Promise.all(clients)
      return { outcomes, admissions: admissions.splice(0) }
    },
    changes: () => changesOf(gateways),
    excused: () => excusedBy(changesOf(gateways), limit)
  }
}

function excusedBy(changes: readonly number[], { limit, burst }: LabLimit): (moment: number) => number {
  return (moment) => {
    const before = changes.filter((change) => change <= moment)
    const turns = before.length % 2 === 0 ? before : [...before, moment]
    const away = turns.reduce((sum, turn, index) => sum + (index % 2 === 0 ? -turn : turn), 0)
    return before.length * burst + (away * limit) / 1000 / GATEWAYS
  }
}

function changesOf(gateways: readonly ChildGateway[]): number[] {
  const offset = sharedNow() - Date.now()
  const news = gateways
    .flatMap((gateway) => [
      ...gateway.lines(AWAY).map(({ time }) => ({ at: Number(time) + offset, more: 1 })),
      ...gateway.lines(BACK).map(({ time }) => ({ at: Number(time) + offset, more: -1 }))
    ])
    .sort((one, other) => one.at - other.at || other.more - one.more)
  let away = 0
  return news.flatMap(({ at, more }) => {
    const before = away
    away += more
    return (before === 0) === (away === 0) ? [] : [at]
  })
}
