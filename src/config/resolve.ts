import { dirname, resolve as resolvePath } from 'node:path'
import type { RouteDefinition } from './define-routes.ts'
import { parseOrigin } from './origin.ts'
import { parseRoutePath } from './route-path.ts'
import type { RawConfig } from './schema.ts'
import { parseStatusRange } from './status-ranges.ts'
import type {
  BackendConfig,
  GatewayConfig,
  HealthCheckConfig,
  RouteConfig,
  TimeoutsConfig,
  UpstreamGroupConfig
} from './types.ts'
import { parseDuration } from './units.ts'

type RawGroup = NonNullable<RawConfig['upstreams']>[string]
type RawHealthCheck = NonNullable<RawGroup['healthCheck']>
type RawStatus = NonNullable<NonNullable<RawHealthCheck['expect']>['status']>

/**
 * Turns a valid configuration, with the schema's defaults in place, into the form that the gateway works with.
 *
 * @param file - Absolute path of the configuration file.
 * @param routes - Of the file and of the modules, resolved already.
 */
export function resolveConfig(file: string, raw: RawConfig, routes: readonly RouteConfig[]): GatewayConfig {
  const server = present(raw.server)
  const admin = present(raw.admin)
  const log = present(raw.log)
  const shutdown = present(server.shutdown)
  return {
    file,
    server: {
      host: present(server.host),
      port: present(server.port),
      workers: present(server.workers),
      stallTimeout: duration(server.stallTimeout),
      shutdown: { delay: duration(shutdown.delay), timeout: duration(shutdown.timeout) }
    },
    admin: { host: present(admin.host), port: present(admin.port) },
    log: { level: present(log.level), access: present(log.access) },
    upstreams: Object.entries(present(raw.upstreams)).map(([name, group]) => resolveGroup(name, group)),
    routes,
    ...(raw.routesDir !== undefined && { routesDir: resolvePath(dirname(file), raw.routesDir) })
  }
}

/**
 * Turns a valid route into the form that the gateway works with.
 *
 * @param source - Where it was defined, `FILE:LINE`.
 */
export function resolveRoute(route: RouteDefinition, name: string, source: string): RouteConfig {
  const parsed = parseRoutePath(route.path)
  const { methods, hosts, rewrite, timeouts } = route
  return {
    name,
    path: 'path' in parsed ? parsed.path : route.path,
    ...(methods && { methods: [...methods] }),
    ...(hosts && { hosts: hosts.map((host) => host.toLowerCase()) }),
    upstream: route.upstream,
    ...(rewrite !== undefined && { rewrite }),
    ...(timeouts && { timeouts: resolveTimeouts(timeouts) }),
    source
  }
}

function resolveGroup(name: string, group: RawGroup): UpstreamGroupConfig {
  const balancing = present(group.balancing)
  const { connect, response } = present(group.timeouts)
  return {
    name,
    balancing: { algorithm: typeof balancing === 'string' ? balancing : balancing.algorithm },
    backends: group.backends.map(resolveBackend),
    hostHeader: present(group.hostHeader),
    ...(group.healthCheck && { healthCheck: resolveHealthCheck(group.healthCheck) }),
    timeouts: { connect: duration(connect), response: duration(response) }
  }
}

function resolveBackend(backend: RawGroup['backends'][number]): BackendConfig {
  // Ajv puts no defaults into the branches of a union.
  const { url, weight = 1 } = typeof backend === 'string' ? { url: backend } : backend
  const parsed = parseOrigin(url)
  return { url: 'origin' in parsed ? parsed.origin : url, weight }
}

function resolveHealthCheck(check: RawHealthCheck): HealthCheckConfig {
  const expect = present(check.expect)
  return {
    type: present(check.type),
    path: present(check.path),
    ...(check.port !== undefined && { port: check.port }),
    method: present(check.method),
    headers: { ...present(check.headers) },
    interval: duration(check.interval),
    timeout: duration(check.timeout),
    healthyAfter: present(check.healthyAfter),
    unhealthyAfter: present(check.unhealthyAfter),
    expect: {
      status: asList(present(expect.status)).flatMap((entry) => parseStatusRange(entry) ?? []),
      ...(expect.body !== undefined && { body: expect.body })
    },
    ...(check.initially && { initially: check.initially })
  }
}

function resolveTimeouts(timeouts: NonNullable<RouteDefinition['timeouts']>): Partial<TimeoutsConfig> {
  const { connect, response } = timeouts
  return {
    ...(connect !== undefined && { connect: duration(connect) }),
    ...(response !== undefined && { response: duration(response) })
  }
}

function asList(status: RawStatus): readonly (number | string)[] {
  return Array.isArray(status) ? status : [status]
}

function duration(text: string | undefined): number {
  return present(parseDuration(present(text)))
}

/** A value that is there because the schema has a default for it. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the schema has no default for a value that needs one')
  return value
}
