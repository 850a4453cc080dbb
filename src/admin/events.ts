import type { FastifyInstance } from 'fastify'
import type { GatewayEvent } from '../telemetry/events.ts'
import { EventStreams } from './event-streams.ts'
import type { AdminContext } from './routes.ts'

/** How much may wait for a reader, in bytes. */
const MAX_BUFFERED = 1024 ** 2

/**
 * `/events`: what happens, as server-sent events. A reader that comes back with `Last-Event-ID` gets what it missed, as
 * far as it is kept.
 */
export async function eventRoutes(app: FastifyInstance, { events }: AdminContext): Promise<void> {
  const streams = new EventStreams(app, MAX_BUFFERED)
  app.get('/events', { schema: { summary: 'What happens, as server-sent events.' } }, (request, reply) => {
    const stream = streams.open(reply, () => events.off('event', send))
    const send = (event: GatewayEvent): void =>
      stream.send(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    const last = Number(request.headers['last-event-id'])
    if (Number.isInteger(last)) for (const event of events.after(last)) send(event)
    events.on('event', send)
    return stream.start()
  })
}
