import type { TestContext } from 'node:test'
import { buildService, type ServiceKind } from '../../examples/marketplace/service.ts'
import type { RawConfig } from '../helpers/gateway.ts'

/** Starts a replica of a service of the demo. @returns Its origin. */
export async function startService(t: TestContext, kind: ServiceKind): Promise<string> {
  const app = await buildService(kind, { name: `${kind}-1` })
  t.after(() => app.close())
  return await app.listen({ host: '127.0.0.1', port: 0 })
}

/** The demo's gateway in front of one replica of each service. */
export async function marketplace(t: TestContext): Promise<RawConfig> {
  const kinds = ['catalog', 'inventory', 'orders'] as const
  const groups = await Promise.all(
    kinds.map(async (kind) => [kind, { backends: [await startService(t, kind)], openapi: '/openapi.json' }])
  )
  const path = (name: string, rewrite: string, upstream: string, methods: string[]) => ({
    name,
    path: `/api${rewrite}`,
    methods,
    upstream,
    rewrite
  })
  return {
    upstreams: Object.fromEntries(groups),
    routes: [
      path('products', '/products', 'catalog', ['GET', 'HEAD']),
      path('inventory', '/inventory', 'inventory', ['GET', 'HEAD', 'PUT']),
      path('orders', '/orders', 'orders', ['GET', 'HEAD', 'POST'])
    ]
  }
}
