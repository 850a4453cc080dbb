import type { FastifyInstance } from 'fastify'
import { ProblemError } from '../problem.ts'
import { sharedNow } from '../shared-clock.ts'
import type { UpstreamGroup } from '../upstreams/group.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'
import { ADMINISTRATIVE_STATES, type AdministrativeState } from '../upstreams/standing.ts'
import type { AdminContext } from './routes.ts'
import { type BackendView, viewGroup } from './upstream-view.ts'

export type { BackendView, GroupView } from './upstream-view.ts'

/** What may be changed of a backend. */
interface BackendChange {
  readonly state?: AdministrativeState
  readonly weight?: number
  readonly tier?: number
  readonly maxInFlight?: number
}

const CHANGE = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    state: { enum: ADMINISTRATIVE_STATES },
    weight: { type: 'number' },
    tier: { type: 'number' },
    maxInFlight: { type: 'number' }
  }
}

/** `/upstreams`, `/upstreams/:group`, and `/upstreams/:group/backends/:id`, which takes a change of its state. */
export async function upstreamRoutes(app: FastifyInstance, { registry }: AdminContext): Promise<void> {
  app.get('/upstreams', () => {
    const now = sharedNow()
    return [...registry.groups.values()].map((group) => viewGroup(registry, group, now))
  })
  app.get<{ Params: { group: string } }>('/upstreams/:group', ({ params }) =>
    viewGroup(registry, groupOf(registry, params.group), sharedNow())
  )
  app.patch<{ Params: { group: string; id: string }; Body: BackendChange }>(
    '/upstreams/:group/backends/:id',
    { schema: { body: CHANGE } },
    ({ params, body }) => changeBackend(registry, groupOf(registry, params.group), params.id, body)
  )
}

function changeBackend(
  registry: UpstreamRegistry,
  group: UpstreamGroup,
  id: string,
  { state, ...others }: BackendChange
): BackendView {
  if (!registry.find(group.name, id)) {
    throw new ProblemError(404, 'unknown_backend', `Group "${group.name}" has no backend "${id}".`)
  }
  const fixed = Object.keys(others)
  if (state === undefined || fixed.length > 0) {
    const detail = `Backend "${id}" is of the configuration file: ${fixed.join(' and ')} can be changed there only. Here only its state can.`
    throw new ProblemError(409, 'set_by_file', detail)
  }
  registry.setState(group.name, id, state)
  return viewGroup(registry, group, sharedNow()).backends.find((backend) => backend.id === id)!
}

function groupOf(registry: UpstreamRegistry, name: string): UpstreamGroup {
  const group = registry.groups.get(name)
  if (!group) throw new ProblemError(404, 'unknown_group', `There is no upstream group "${name}".`)
  return group
}
