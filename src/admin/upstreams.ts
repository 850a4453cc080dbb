import type { FastifyInstance } from 'fastify'
import { ProblemError } from '../problem.ts'
import { sharedNow } from '../shared-clock.ts'
import type { AdminContext } from './routes.ts'
import { type GroupView, viewGroup } from './upstream-view.ts'
import { etagOf } from './versions.ts'

export type { BackendView, GroupView } from './upstream-view.ts'

/** `/upstreams`, `/upstreams/:group` and `/upstreams/:group/backends/:id`: the groups and their backends, live. */
export async function upstreamRoutes(
  app: FastifyInstance,
  { registry, membership }: AdminContext
): Promise<void> {
  const entries = () => membership.store.snapshot.entries
  const view = (name: string): GroupView => {
    const group = registry.groups.get(name)
    if (!group) throw new ProblemError(404, 'unknown_group', `There is no upstream group "${name}".`)
    return viewGroup(registry, group, sharedNow(), entries())
  }
  app.get('/upstreams', { schema: { summary: 'All groups with their backends.' } }, () => {
    const now = sharedNow()
    return [...registry.groups.values()].map((group) => viewGroup(registry, group, now, entries()))
  })
  app.get<{ Params: { group: string } }>(
    '/upstreams/:group',
    { schema: { summary: 'A group with its backends.' } },
    ({ params }) => view(params.group)
  )
  app.get<{ Params: { group: string; id: string } }>(
    '/upstreams/:group/backends/:id',
    { schema: { summary: 'A backend, with the ETag that a change may name in If-Match.' } },
    ({ params }, reply) => {
      const backend = view(params.group).backends.find(({ id }) => id === params.id)
      if (!backend) {
        const detail = `Group "${params.group}" has no backend "${params.id}".`
        throw new ProblemError(404, 'unknown_backend', detail)
      }
      void reply.header('etag', etagOf(backend.version))
      return backend
    }
  )
  app.get('/registrations', { schema: { summary: 'What was decided at run time.' } }, () => {
    const { snapshot, trouble } = membership.store
    return {
      version: snapshot.version,
      trouble: trouble ?? null,
      conflicts: membership.conflicts,
      entries: [...snapshot.entries.values()]
    }
  })
}
