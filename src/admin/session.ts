import type { FastifyInstance, FastifyRequest } from 'fastify'
import { SESSION_LIFE } from './credentials.ts'
import type { AdminContext } from './routes.ts'
import { sessionCookie } from './session-cookie.ts'

/** Who is logged in, and until when, as the admin API shows it. */
export interface SessionView {
  /** Name of the token; null where none is asked for. */
  readonly operator: string | null
  /** When the session ends, ISO 8601; null without one. */
  readonly expires: string | null
}

const LOGIN = {
  type: 'object',
  additionalProperties: false,
  required: ['token'],
  properties: {
    token: { type: 'string', minLength: 1, maxLength: 4096, description: 'One of admin.tokens.' }
  }
} as const

/** No cache may keep who is logged in. */
const NO_STORE = { 'cache-control': 'no-store' }

/** `/session`: a browser gets a cookie for a token, and gives it back. */
export async function sessionRoutes(app: FastifyInstance, { credentials }: AdminContext): Promise<void> {
  app.get('/session', { schema: { summary: 'Who is logged in.' } }, (request, reply) => {
    void reply.headers(NO_STORE)
    return viewOf(request.operator, request.sessionEnds)
  })
  app.post<{ Body: { token: string } }>(
    '/session',
    {
      // It brings a token itself.
      config: { isOpen: true },
      schema: { summary: 'Logs in: gives a cookie for a token.', body: LOGIN, security: [] }
    },
    (request, reply) => {
      const { secret, operator } = credentials.logIn(request, request.body.token)
      tell(request, 'session opened', operator.name)
      void reply
        .status(201)
        .headers({ ...NO_STORE, 'set-cookie': sessionCookie(request, secret, SESSION_LIFE / 1000) })
      return viewOf(operator.name, operator.session?.expires ?? null)
    }
  )
  app.delete(
    '/session',
    { schema: { summary: 'Logs out: ends the session, and what was opened with it.' } },
    (request, reply) => {
      if (request.sessionEnds !== null) tell(request, 'session closed', request.operator)
      // Before the answer, which else would be one of those that end with the session.
      credentials.logOut(request)
      return reply
        .status(204)
        .headers({ ...NO_STORE, 'set-cookie': sessionCookie(request, '', 0) })
        .send()
    }
  )
}

function viewOf(operator: string | null, ends: number | null): SessionView {
  return { operator, expires: ends === null ? null : new Date(ends).toISOString() }
}

function tell({ server, raw, id }: FastifyRequest, message: string, operator: string | null): void {
  const address = raw.socket?.remoteAddress
  server.log.info({ audit: true, operator, address, requestId: id }, message)
}
