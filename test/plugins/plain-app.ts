import type { TestContext } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import balancing from '../../plugins/balancing.ts'
import forwarding from '../../plugins/forwarding.ts'
import healthChecks from '../../plugins/health-checks.ts'
import problemDetails from '../../plugins/problem-details.ts'
import requestRecord from '../../plugins/request-record.ts'
import routing from '../../plugins/routing.ts'
import upstreamRegistry from '../../plugins/upstream-registry.ts'
import type { RouteConfig, UpstreamGroupConfig } from '../../src/config/types.ts'
import { RouteTable } from '../../src/routing/route-table.ts'

/** What a plain app serves. */
export interface PlainParts {
  readonly upstreams: readonly UpstreamGroupConfig[]
  readonly routes: readonly RouteConfig[]
  readonly options?: FastifyServerOptions
  /** Registers what is the app's own, before anything is forwarded. */
  readonly own?: (app: FastifyInstance) => void | Promise<void>
}

/** An ordinary Fastify app with the gateway's plugins, as anybody would write it. @returns Its app and address. */
export async function plainApp(
  t: TestContext,
  { upstreams, routes, options, own }: PlainParts
): Promise<{ app: FastifyInstance; url: string }> {
  const app = Fastify({ forceCloseConnections: true, ...options })
  t.after(() => app.close())
  await app.register(problemDetails)
  await app.register(requestRecord)
  await app.register(upstreamRegistry, { upstreams })
  await app.register(healthChecks)
  await app.register(balancing)
  await app.register(routing, { table: new RouteTable(routes) })
  await own?.(app)
  await app.register(forwarding)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url }
}
