import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type Static, Type } from 'typebox'
import { DURATION_PATTERN, milliseconds } from './duration.ts'
import { ErrorBody, type TypeBoxProvider } from './schemas.ts'

const DOWN_FOR = '10s'
const LONGEST = 600_000

const Mode = Type.Union([
  Type.Literal('ok'),
  Type.Literal('slow'),
  Type.Literal('failing'),
  Type.Literal('down')
])
type Mode = Static<typeof Mode>

const SwitchBody = Type.Object(
  {
    mode: Mode,
    delay: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 30_000, description: 'Of slow: milliseconds.' })
    ),
    for: Type.Optional(
      Type.String({ pattern: DURATION_PATTERN, description: 'Back to ok by itself after this.' })
    )
  },
  { additionalProperties: false }
)

const SwitchState = Type.Object({
  mode: Mode,
  delay: Type.Integer(),
  for: Type.Union([Type.String(), Type.Null()])
})

/**
 * Makes one replica ill on request, to see what the gateway does about it:
 * `POST /_switch { mode, delay?, for? }` on the replica's own port.
 *
 * - `slow`: every answer, the health check's too, waits `delay` ms (0 to 30,000, by default 2,000).
 * - `failing`: everything is 503, the health check too.
 * - `down`: connections are cut and none is accepted, as of a process that is gone. It comes back by itself
 *   after `for` (by default 10s), since nothing could reach it to say so.
 * - `ok`: well again, at once.
 *
 * `for` (at most 10m) works with every mode; without it, slow and failing last until the next switch.
 */
export const switches = fp(
  async (app) => {
    let mode: Mode = 'ok'
    let delay = 0
    let timer: NodeJS.Timeout | undefined
    const closing = new AbortController()

    app.addHook('onRequest', async (request, reply) => {
      if (request.routeOptions.url === '/_switch') return
      if (mode === 'slow') await sleep(delay, undefined, { signal: closing.signal }).catch(() => undefined)
      if (mode === 'failing') {
        await reply.code(503).send({
          statusCode: 503,
          error: 'Service Unavailable',
          message: 'this replica is switched to failing'
        })
      }
    })
    app.addHook('preClose', async () => {
      clearTimeout(timer)
      closing.abort()
    })

    app
      .withTypeProvider<TypeBoxProvider>()
      .post(
        '/_switch',
        { schema: { hide: true, body: SwitchBody, response: { 200: SwitchState, 400: ErrorBody } } },
        async (request, reply) => {
          const lasts = request.body.for ?? (request.body.mode === 'down' ? DOWN_FOR : null)
          const ms = lasts === null ? 0 : milliseconds(lasts)
          if (ms > LONGEST) {
            return reply
              .code(400)
              .send({ statusCode: 400, error: 'Bad Request', message: 'body/for must be <= 10m' })
          }
          clearTimeout(timer)
          mode = request.body.mode
          delay = mode === 'slow' ? (request.body.delay ?? 2000) : 0
          if (mode === 'down') {
            reply.header('connection', 'close')
            // Not before the answer is out, or nobody learns that the switch worked.
            reply.raw.once('close', () => {
              if (!closing.signal.aborted) timer = goDown(app, ms, () => (mode = 'ok'))
            })
          } else if (lasts !== null) {
            timer = setTimeout(() => (mode = 'ok'), ms)
          }
          return { mode, delay, for: lasts }
        }
      )
  },
  { name: 'switches' }
)

/** Cuts every connection, accepts none for `ms` milliseconds, then listens again where it listened before. */
function goDown(app: FastifyInstance, ms: number, isBack: () => void): NodeJS.Timeout | undefined {
  const { server } = app
  const address = server.address()
  if (address === null || typeof address === 'string') return undefined
  server.close()
  server.closeAllConnections()
  return setTimeout(() => {
    isBack()
    server.listen(address.port, address.address)
  }, ms)
}
