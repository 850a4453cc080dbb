import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { GatewayEvent } from '../telemetry/events.ts'
import type { AdminContext } from './routes.ts'

/** How often an idle stream shows that it lives, in milliseconds: below the idle timeouts of usual proxies. */
const HEARTBEAT = 15_000

/** How much may wait for a reader, in bytes. */
const MAX_BUFFERED = 1024 ** 2

/**
 * `/events`: what happens, as server-sent events (HTML standard, section 9.2). A reader that comes back with
 * `Last-Event-ID` gets what it missed, as far as it is kept.
 */
export async function eventRoutes(app: FastifyInstance, { events }: AdminContext): Promise<void> {
  const streams = new Set<Readable>()
  app.get('/events', { schema: { summary: 'What happens, as server-sent events.' } }, (request, reply) => {
    const stream = new Readable({ read: () => {} })
    const send = (event: GatewayEvent): void => {
      // A reader that does not read is let go; it comes back for what it has missed.
      if (stream.readableLength > MAX_BUFFERED) stream.destroy()
      else stream.push(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    }
    const heartbeat = setInterval(() => stream.push(': still here\n\n'), HEARTBEAT)
    stream.once('close', () => {
      clearInterval(heartbeat)
      events.off('event', send)
      streams.delete(stream)
    })
    streams.add(stream)
    stream.push('retry: 1000\n\n')
    const last = Number(request.headers['last-event-id'])
    if (Number.isInteger(last)) for (const event of events.after(last)) send(event)
    events.on('event', send)
    return reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).send(stream)
  })
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.push(null)
  })
}
