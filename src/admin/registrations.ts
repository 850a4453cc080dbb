import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseDuration } from '../config/units.ts'
import type { BackendChange, Changed } from '../membership/registrar.ts'
import { ProblemError } from '../problem.ts'
import { sharedNow } from '../shared-clock.ts'
import type { Entry } from '../store/registrations.ts'
import { ADMINISTRATIVE_STATES } from '../upstreams/standing.ts'
import { audit, type AuditedAction } from './audit.ts'
import type { AdminContext } from './routes.ts'
import { type BackendView, viewGroup } from './upstream-view.ts'
import { etagOf, expectedVersion } from './versions.ts'

/** The shortest and the longest `ttl`, in milliseconds. */
const TTL = { least: 1000, most: 24 * 3_600_000 }

const WEIGHT = { type: 'integer', minimum: 0, maximum: 1000, description: 'Share of the traffic.' }
const TIER = { type: 'integer', minimum: 0, maximum: 15, description: 'Tier 0 takes all that it can.' }
const MAX_IN_FLIGHT = {
  type: 'integer',
  minimum: 0,
  maximum: 1_000_000,
  description: 'Most at once; 0 = no cap.'
}

const REGISTRATION = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: { type: 'string', maxLength: 300, description: 'Origin of the backend: http://10.0.0.13:3001.' },
    weight: WEIGHT,
    tier: TIER,
    maxInFlight: MAX_IN_FLIGHT,
    ttl: {
      // In this order: a number is not taken for a text.
      anyOf: [{ type: 'number' }, { type: 'string' }],
      description: 'How long it stays without being renewed, "15s" or seconds; absent = until it is removed.'
    },
    initially: { enum: ['healthy', 'unhealthy'], description: 'What it is before its first probe.' }
  }
} as const

const CHANGE = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    state: { enum: ADMINISTRATIVE_STATES, description: 'What is wanted of it.' },
    weight: WEIGHT,
    tier: TIER,
    maxInFlight: MAX_IN_FLIGHT
  }
} as const

const REMOVAL = {
  type: 'object',
  additionalProperties: false,
  properties: { now: { type: 'boolean', default: false, description: 'Without draining.' } }
} as const

interface Place {
  readonly group: string
  readonly id: string
}

interface RegistrationBody {
  readonly url: string
  readonly weight?: number
  readonly tier?: number
  readonly maxInFlight?: number
  readonly ttl?: string | number
  readonly initially?: 'healthy' | 'unhealthy'
}

/** A backend after a change that is in force on all threads. */
type ChangedView = BackendView & {
  /** The generation that serves now. */
  readonly generation: number
}

/** Backends that are registered, changed and removed while the gateway runs. */
export async function registrationRoutes(app: FastifyInstance, context: AdminContext): Promise<void> {
  const { registrar } = context.membership

  app.post<{ Params: { group: string }; Body: RegistrationBody }>(
    '/upstreams/:group/backends',
    { schema: { summary: 'Registers a backend; one that is there already stays.', body: REGISTRATION } },
    async (request, reply) => {
      const { ttl, ...rest } = request.body
      const given = { ...rest, ...(ttl !== undefined && { ttl: readTtl(ttl) }) }
      const done = await registrar.register(request.params.group, given, expectedVersion(request))
      auditChange(request, 'register', done)
      const isNew = done.before?.registration === undefined && done.after?.registration !== undefined
      return answer(context, done, reply.status(isNew && done.before !== done.after ? 201 : 200))
    }
  )
  app.patch<{ Params: Place; Body: BackendChange }>(
    '/upstreams/:group/backends/:id',
    { schema: { summary: 'Changes a backend; of one of the file its state only.', body: CHANGE } },
    async (request, reply) => {
      const { group, id } = request.params
      const done = await registrar.change(group, id, request.body, expectedVersion(request))
      auditChange(request, 'change', done)
      return answer(context, done, reply)
    }
  )
  app.put<{ Params: Place }>(
    '/upstreams/:group/backends/:id/lease',
    { schema: { summary: 'Renews a registration that has a ttl.' } },
    async ({ params }) => {
      const ttl = await registrar.renew(params.group, params.id)
      return { ttl: ttl / 1000, expires: new Date(Date.now() + ttl).toISOString() }
    }
  )
  app.delete<{ Params: Place; Querystring: { now: boolean } }>(
    '/upstreams/:group/backends/:id',
    { schema: { summary: 'Removes a registered backend once it is drained.', querystring: REMOVAL } },
    async (request, reply) => {
      const { group, id } = request.params
      const done = await registrar.remove(group, id, request.query.now, expectedVersion(request))
      auditChange(request, 'remove', done)
      return answer(context, done, reply.status(202))
    }
  )
}

/** Settles a doubt about the store that gateways share: `/registrations/confirm` and `/registrations/restore`. */
export async function doubtRoutes(
  app: FastifyInstance,
  { membership: { registrar, store } }: AdminContext
): Promise<void> {
  const summaries = {
    confirm: 'Believes what the store says now, though it has lost entries.',
    restore: 'Brings the entries that are known here back into the store.'
  } as const
  for (const order of ['confirm', 'restore'] as const) {
    app.post(`/registrations/${order}`, { schema: { summary: summaries[order] } }, async (request) => {
      const version = await registrar.settle(order)
      audit(request, { action: order })
      return { version, entries: store.snapshot.entries.size }
    })
  }
}

function readTtl(ttl: string | number): number {
  const time = typeof ttl === 'number' ? ttl * 1000 : parseDuration(ttl)
  if (time !== undefined && time >= TTL.least && time <= TTL.most) return Math.round(time)
  const expected = 'a duration such as "15s", or seconds, from 1s to 24h'
  throw new ProblemError(400, 'invalid_request', `body/ttl must be ${expected}, not ${JSON.stringify(ttl)}.`)
}

/** The backend as it is now; one that is gone is told by its id. */
function answer(
  { registry, membership, generation }: AdminContext,
  { group, id, url, after }: Changed,
  reply: FastifyReply
): ChangedView | { readonly id: string; readonly url: string; readonly generation: number } {
  void reply.header('etag', etagOf(after?.version ?? 0))
  const known = registry.groups.get(group)
  const views = known && viewGroup(registry, known, sharedNow(), membership.store.snapshot.entries).backends
  const view = views?.find((backend) => backend.id === id)
  return { ...(view ?? { id, url }), generation: generation() }
}

/** A change that changes nothing is none. */
function auditChange(request: FastifyRequest, action: AuditedAction['action'], done: Changed): void {
  const { group, id: backend, before, after } = done
  if (before === after) return
  audit(request, { action, group, backend, before: facts(before), after: facts(after) })
}

function facts(entry: Entry | undefined): object | null {
  if (!entry) return null
  const { state, registration, removal } = entry
  return { state, ...registration, ...(removal && { leaving: removal.reason }) }
}
