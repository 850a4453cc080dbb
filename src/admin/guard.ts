import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { EventLog } from '../telemetry/events.ts'
import type { Credentials, Operator } from './credentials.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the token that it came with; null where none is asked for. */
    operator: string | null
    /** When the session ends that it came with, in milliseconds since the epoch; null without one. */
    sessionEnds: number | null
  }
  interface FastifyContextConfig {
    /** Whether a route of the admin API asks for no token: it holds no data. */
    isOpen?: boolean
  }
}

/** What {@link guard} goes by. */
export interface GuardOptions {
  readonly credentials: Credentials
  /** Where a reload is told of. */
  readonly events: EventLog
}

/**
 * Lets through who may use the admin API, before anything of a body is read: who has a token or a session, where there are
 * tokens; else whoever is on this machine, but no page of somebody else's in a browser there.
 */
export function guard(app: FastifyInstance, { credentials, events }: GuardOptions): void {
  /** Those that were let through and are not over: a stream of events may outlive what it was opened with. */
  const underWay = new Map<FastifyReply, FastifyRequest>()
  const follow = (request: FastifyRequest, reply: FastifyReply): void => {
    underWay.set(reply, request)
    reply.raw.once('close', () => underWay.delete(reply))
  }
  const review = (): void => {
    for (const [{ raw }, request] of underWay) {
      // Answers that have not begun, that to a reload among them, are over soon.
      if (raw.headersSent && !credentials.mayStay(request)) raw.destroy()
    }
  }
  const onEvent = ({ type }: { readonly type: string }): void => {
    if (type !== 'reload') return
    credentials.review()
    review()
  }
  events.on('event', onEvent)
  credentials.onEnd(review)
  app.addHook('onClose', async () => {
    events.off('event', onEvent)
    credentials.close()
  })

  app.decorateRequest('operator', null)
  app.decorateRequest('sessionEnds', null)
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.isOpen) {
      done()
      return
    }
    let operator: Operator
    try {
      operator = credentials.operatorOf(request)
    } catch (error) {
      done(error as Error)
      return
    }
    request.operator = operator.name
    request.sessionEnds = operator.session?.expires ?? null
    follow(request, reply)
    done()
  })
}
