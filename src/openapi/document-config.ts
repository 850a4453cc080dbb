import type { GatewayConfig } from '../config/types.ts'
import type { DocumentGroup } from './document-source.ts'

/** What of a configuration documents depend on. */
export type DocumentConfig = Pick<GatewayConfig, 'docs' | 'routes' | 'auth'> & {
  readonly upstreams: readonly DocumentGroup[]
}

/** Groups whose documents somebody wants. */
export function groupsOf({ docs, routes, upstreams }: DocumentConfig): DocumentGroup[] {
  const checked = new Set(checkedGroups(routes))
  return upstreams.filter(({ name, openapi }) => openapi !== undefined && (docs.enabled || checked.has(name)))
}

/** Groups whose requests are checked, on some route. */
export function checkedGroups(routes: GatewayConfig['routes']): string[] {
  const checked = routes.filter(({ validateRequests }) => validateRequests)
  const names = checked.flatMap(({ upstream }) =>
    typeof upstream === 'string' ? [upstream] : upstream.map(({ group }) => group)
  )
  return [...new Set(names)]
}

/** What makes another composed document, besides those of the groups. */
export function composedOf(config: DocumentConfig): unknown {
  const groups = groupsOf(config).map(({ name, openapi }) => [name, openapi])
  return [groups, config.routes, config.auth]
}
