import type { FastifyInstance } from 'fastify'
import type { HeaderChanges, RouteConfig } from '../config/types.ts'
import { formatRequestKey } from '../config/request-key-text.ts'
import type { AdminContext } from './routes.ts'

/** A route as the admin API shows it: values of header fields stay hidden, since they may be secrets. */
export interface RouteView extends Omit<RouteConfig, 'headers' | 'splitBy'> {
  /** As configured: `header:x-user-id`. */
  readonly splitBy?: string
  readonly headers?: { readonly request: HeaderNames; readonly response: HeaderNames }
}

/** Names of the fields that a route changes. */
export interface HeaderNames {
  readonly set: readonly string[]
  readonly remove: readonly string[]
}

/** `/routes`: the route table that is served now, as configured. */
export async function routeRoutes(app: FastifyInstance, { routes }: AdminContext): Promise<void> {
  app.get('/routes', { schema: { summary: 'The route table that serves.' } }, () =>
    routes().routes.map(viewRoute)
  )
}

function viewRoute({ headers, splitBy, ...route }: RouteConfig): RouteView {
  const names = ({ set, remove }: HeaderChanges): HeaderNames => ({ set: Object.keys(set), remove })
  return {
    ...route,
    ...(splitBy && { splitBy: formatRequestKey(splitBy) }),
    ...(headers && { headers: { request: names(headers.request), response: names(headers.response) } })
  }
}
