// What the package offers of src/ to other programs: to write route modules, to run a gateway of one's own, to register
// with one, and what the plugins' options and decorators are made of. The package's entry is index.ts beside plugins/.
import type { LoadOptions } from './config/load.ts'
import type { ConfigDefinition, DefinedConfig } from './config/resolve-definition.ts'
import type { GatewayConfig } from './config/types.ts'
import type { Gateway as RunningGateway } from './gateway.ts'
import type { GatewayOptions } from './gateway-options.ts'

export type { JwksSource, JwksSnapshot } from './access/jwks-source.ts'
export type { GroupBalancer } from './balancing/group-balancer.ts'
export {
  type BackendRegistration,
  registerBackend,
  type RegisterBackendOptions,
  RegistrationRefused,
  type RegistrationEvent
} from './client/register-backend.ts'
export { defineRoutes, type RouteDefinition } from './config/define-routes.ts'
export { ConfigError, type ConfigIssue } from './config/issue.ts'
export type { LoadOptions } from './config/load.ts'
export type { ConfigDefinition, DefinedConfig } from './config/resolve-definition.ts'
export type * from './config/types.ts'
export type { BodyLimits } from './forwarding/targets.ts'
export type { Connections } from './forwarding/connections.ts'
export type { GatewayOptions } from './gateway-options.ts'
export type { HealthChecker } from './health/checker.ts'
export type { MakeLimiter } from './limits/limit-tables.ts'
export type { RateLimiter } from './limits/limiter.ts'
export type { DocumentShelf, PublishedDocuments } from './openapi/published.ts'
export { ProblemError, type RequestFault } from './problem.ts'
export { forwardFirst, type FoundRoute } from './routing/lookup.ts'
export { type RouteMatch, RouteTable } from './routing/route-table.ts'
export type { FinishedAttempt, FinishedTrace } from './telemetry/finished-trace.ts'
export { requestIds } from './telemetry/request-id.ts'
export type { RequestRecord } from './telemetry/request-record.ts'
export type { RouteStats } from './telemetry/route-stats.ts'
export type { Backend } from './upstreams/backend.ts'
export type { UpstreamGroup, UpstreamGroups } from './upstreams/group.ts'
export type {
  Drained,
  EjectionChange,
  HealthFlip,
  RegistryEvents,
  StateChange,
  TrafficChange
} from './upstreams/registry-events.ts'
export { type AdministrativeState, type ObservedHealth, UpstreamRegistry } from './upstreams/registry.ts'

/**
 * Loads a configuration file with the modules of its `routesDir`: validated, with every default in place.
 *
 * @param file - Relative paths start at the current directory.
 * @throws {ConfigError} With every error of the file and of its modules at once.
 *
 * @example
 * ```ts
 * const config = await loadConfig('gateway.yaml')
 * await app.register(upstreamRegistry, { upstreams: config.upstreams })
 * ```
 */
export async function loadConfig(file: string, options?: LoadOptions): Promise<GatewayConfig> {
  const loader = await import('./config/load.ts')
  return await loader.loadConfig(file, options)
}

/**
 * The same for what is written in code instead of a file: the options of plugins are parts of what it gives back. Files
 * that it names start at the current directory.
 *
 * @throws {ConfigError} With everything that is wrong at once.
 *
 * @example
 * ```ts
 * const { upstreams, routes } = await resolveDefinition({
 *   upstreams: { catalog: { backends: ['http://10.0.0.11:3001'], healthCheck: { path: '/healthz' } } },
 *   routes: [{ path: '/api/products', upstream: 'catalog' }]
 * })
 * await app.register(upstreamRegistry, { upstreams })
 * ```
 */
export async function resolveDefinition(definition: ConfigDefinition): Promise<DefinedConfig> {
  const resolver = await import('./config/resolve-definition.ts')
  return resolver.resolveDefinition(definition)
}

/** A running gateway: its addresses, its events, `reload` and `stop`. */
export type Gateway = RunningGateway

/** Starts gateways within this process. */
export const Gateway = {
  /**
   * Starts one; it serves when this resolves.
   *
   * @throws ListenError when an address can't be listened on.
   * @throws CertificateError when a certificate can't serve.
   *
   * @example
   * ```ts
   * const gateway = await Gateway.start({ config: await loadConfig('gateway.yaml'), log: pino() })
   * console.log(gateway.url)
   * await gateway.stop()
   * ```
   */
  start: async (options: GatewayOptions): Promise<RunningGateway> => {
    const { Gateway: loaded } = await import('./gateway.ts')
    return await loaded.start(options)
  }
}
