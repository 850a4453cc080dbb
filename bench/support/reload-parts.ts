import { pino } from 'pino'
import { PostedJwks } from '../../src/access/posted-jwks.ts'
import { buildGeneration } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Connections } from '../../src/forwarding/connections.ts'
import { LiveState } from '../../src/live-state.ts'
import { PostedDocuments } from '../../src/openapi/published.ts'
import { RedisStores } from '../../src/store/redis-stores.ts'
import { RouteStats } from '../../src/telemetry/route-stats.ts'
import { LimitStats } from '../../src/limits/limit-stats.ts'
import { Limiters } from '../../src/threads/limiters.ts'
import { buildGroups } from '../../src/upstreams/group.ts'
import { withLoopStall } from './loop-stall.ts'
import type { Reloader } from './reloader.ts'
import { median } from './statistics.ts'

/** One part of a reload: medians in milliseconds. */
export interface Part {
  readonly name: string
  readonly time: number
  /** The longest that the event loop of its thread stood still. */
  readonly stall: number
  /** Which thread does it. */
  readonly thread: 'control plane' | 'data plane'
}

const WARM_UP = 10
const SAMPLES = 40

/** Takes a reload apart: each part alone, in this process, without traffic. */
export async function measureParts(reloader: Reloader, file: string): Promise<Part[]> {
  const samples = new Map<string, { thread: Part['thread']; times: number[]; stalls: number[] }>()
  const live = new LiveState(1)
  const jwks = new PostedJwks({ ask: () => {} })
  const documents = new PostedDocuments()
  const connections = new Connections()
  const log = pino({ level: 'silent' })

  for (let version = 1; version <= WARM_UP + SAMPLES; version++) {
    const part = async <T>(name: string, thread: Part['thread'], work: () => T | Promise<T>): Promise<T> => {
      let result: T
      const { time, stall } = await withLoopStall(async () => {
        result = await work()
      })
      let sample = samples.get(name)
      if (!sample) samples.set(name, (sample = { thread, times: [], stalls: [] }))
      if (version > WARM_UP) {
        sample.times.push(time)
        sample.stalls.push(stall)
      }
      return result!
    }
    await reloader.write()
    const config = await part('validate', 'control plane', () => loadConfig(file))
    const spec = await part('live state', 'control plane', () => live.prepare(config, version))
    await part('copy to a thread', 'data plane', () => structuredClone(spec.config))
    const app = await part('build', 'data plane', () => {
      const backendSlots = new Map(spec.backends.slots)
      const groupSlots = new Map(spec.groups.slots)
      const groups = buildGroups(config.upstreams, {
        backends: live.registry.table,
        backendSlot: (key) => backendSlots.get(key),
        groups: live.registry.groupSlots.table,
        groupSlot: (name) => groupSlots.get(name),
        row: 0
      })
      const stats = new RouteStats(live.routes.table, new Map(spec.routes.slots), 0)
      const limiters = new Limiters(
        spec,
        0,
        new RedisStores(log),
        new LimitStats(live.limitStats.table, new Map(spec.limitStats.slots), 0)
      )
      return buildGeneration({
        config,
        groups,
        connections,
        stats,
        limiters,
        jwks,
        documents,
        log,
        onTraced: () => {}
      })
    })
    await part('swap', 'control plane', () => live.commit(config, version))
    await part('close the old', 'data plane', () => app.close())
    live.reclaim(version)
  }
  await connections.destroy()
  return [...samples].map(([name, { thread, times, stalls }]) => ({
    name,
    thread,
    time: median(times),
    stall: median(stalls)
  }))
}
