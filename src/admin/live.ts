import type { FastifyInstance } from 'fastify'
import { sharedNow } from '../shared-clock.ts'
import type { GatewayEvent } from '../telemetry/events.ts'
import { NO_ROUTE } from '../telemetry/route-stats.ts'
import { EventStreams } from './event-streams.ts'
import { LiveSampler, type LiveSource } from './live/sampler.ts'
import type { GatewayFacts, LastReload } from './live/wire.ts'
import type { AdminContext } from './routes.ts'

/** Between two messages, in milliseconds. */
const STEP = 1000

/** When something happens, the next message comes sooner, but never sooner than this after the last, in milliseconds. */
const SOONEST = 200

/** How long lines go on being drawn when nobody looks, in milliseconds: a page that is loaded again finds them. */
const LINGER = 60_000

/** How much may wait for a reader, in bytes: the first messages of some ten thousand backends. */
const MAX_BUFFERED = 8 * 1024 ** 2

const SUMMARY =
  'All groups, backends and routes each second, as server-sent events: all first, then what changed.'

/** `/live`: what the dashboard shows. Looks only while somebody does, once for all. */
export async function liveRoutes(app: FastifyInstance, context: AdminContext): Promise<void> {
  const streams = new EventStreams(app, MAX_BUFFERED)
  const readers = new Set<(text: Buffer) => void>()
  let reload: LastReload | undefined
  let running: { readonly sampler: LiveSampler; readonly timer: NodeJS.Timeout } | undefined
  let soon: NodeJS.Timeout | undefined
  let [lastRead, lastStep] = [0, 0]

  const stop = (): void => {
    clearInterval(running?.timer)
    clearTimeout(soon)
    running = undefined
    soon = undefined
  }
  const step = (): void => {
    clearTimeout(soon)
    soon = undefined
    if (!running) return
    lastStep = sharedNow()
    const text = asEvent(running.sampler.sample())
    for (const send of readers) send(text)
    if (readers.size > 0) lastRead = lastStep
    else if (lastStep - lastRead > LINGER) stop()
  }
  const begin = (): LiveSampler => {
    const sampler = new LiveSampler(sourceOf(context, () => reload))
    sampler.sample()
    running = { sampler, timer: setInterval(step, STEP).unref() }
    return sampler
  }
  const onEvent = (event: GatewayEvent): void => {
    if (event.type === 'reload') reload = event
    if (readers.size === 0) return
    soon ??= setTimeout(step, Math.max(0, lastStep + SOONEST - sharedNow())).unref()
  }
  context.events.on('event', onEvent)
  app.addHook('onClose', async () => {
    context.events.off('event', onEvent)
    stop()
  })

  app.get('/live', { schema: { summary: SUMMARY } }, (_request, reply) => {
    const sampler = running?.sampler ?? begin()
    lastRead = sharedNow()
    const stream = streams.open(reply, () => readers.delete(stream.send))
    stream.send(asEvent(sampler.full()))
    readers.add(stream.send)
    return stream.start()
  })
}

function asEvent(message: string): Buffer {
  return Buffer.from(`data: ${message}\n\n`)
}

function sourceOf(context: AdminContext, reload: () => LastReload | undefined): LiveSource {
  const { registry, membership, events, readiness, routes, metrics } = context
  const startedAt = Math.round(performance.timeOrigin)
  const gateway = (): GatewayFacts => {
    const { status, reason = null, generation, workers } = readiness()
    return { status, reason, generation, workers, store: membership.store.trouble ?? null, startedAt }
  }
  return {
    registry,
    entries: () => membership.store.snapshot.entries,
    routes: () => ({
      names: [...routes().routes.map(({ name }) => name), NO_ROUTE],
      stats: metrics.requests()
    }),
    gateway,
    events,
    reload,
    now: Date.now,
    sharedNow
  }
}
