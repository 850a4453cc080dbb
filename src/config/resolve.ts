import { dirname, resolve as resolvePath } from 'node:path'
import type { RouteDefinition } from './define-routes.ts'
import { parseOrigin } from './origin.ts'
import { resolveServerTls, resolveUpstreamTls } from './resolve-tls.ts'
import { parseRoutePath } from './route-path.ts'
import type { RawConfig } from './schema.ts'
import { parseStatusRange } from './status-ranges.ts'
import {
  type BackendConfig,
  type GatewayConfig,
  type HeaderRules,
  type HealthCheckConfig,
  RETRY_CONDITIONS,
  type RetryConfig,
  type RouteConfig,
  type TimeoutsConfig,
  type UpstreamGroupConfig
} from './types.ts'
import { parseDuration, parseSize } from './units.ts'

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
  const folder = dirname(file)
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
      trustProxy: [...present(server.trustProxy)],
      proxyProtocol: present(server.proxyProtocol),
      ...(server.tls && { tls: resolveServerTls(folder, server.tls) }),
      ...(server.redirect && { redirect: { port: present(server.redirect.port) } }),
      stallTimeout: duration(server.stallTimeout),
      shutdown: { delay: duration(shutdown.delay), timeout: duration(shutdown.timeout) }
    },
    admin: { host: present(admin.host), port: present(admin.port) },
    log: { level: present(log.level), access: present(log.access) },
    upstreams: Object.entries(present(raw.upstreams)).map(([name, group]) =>
      resolveGroup(folder, name, group)
    ),
    routes,
    ...(raw.routesDir !== undefined && { routesDir: resolvePath(folder, raw.routesDir) })
  }
}

/**
 * Turns a valid route into the form that the gateway works with.
 *
 * @param source - Where it was defined, `FILE:LINE`.
 */
export function resolveRoute(route: RouteDefinition, name: string, source: string): RouteConfig {
  const parsed = parseRoutePath(route.path)
  // What modules export has no defaults put in.
  const { methods, hosts, rewrite, mode = 'stream', headers, retry, timeouts } = route
  return {
    name,
    path: 'path' in parsed ? parsed.path : route.path,
    ...(methods && { methods: [...methods] }),
    ...(hosts && { hosts: hosts.map((host) => host.toLowerCase()) }),
    upstream: route.upstream,
    ...(rewrite !== undefined && { rewrite }),
    mode,
    ...(headers && { headers: resolveHeaderRules(headers) }),
    ...(retry && { retry: resolveRetry(retry) }),
    ...(timeouts && { timeouts: resolveTimeouts(timeouts) }),
    source
  }
}

function resolveGroup(folder: string, name: string, group: RawGroup): UpstreamGroupConfig {
  const balancing = present(group.balancing)
  return {
    name,
    balancing: { algorithm: typeof balancing === 'string' ? balancing : balancing.algorithm },
    backends: group.backends.map(resolveBackend),
    hostHeader: present(group.hostHeader),
    forwardedHeader: present(group.forwardedHeader),
    ...(group.healthCheck && { healthCheck: resolveHealthCheck(group.healthCheck) }),
    retry: resolveRetry(present(group.retry)) as RetryConfig,
    timeouts: resolveTimeouts(present(group.timeouts)) as TimeoutsConfig,
    protocol: present(group.protocol),
    ...(group.tls && { tls: resolveUpstreamTls(folder, group.tls) })
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

function resolveHeaderRules(headers: NonNullable<RouteDefinition['headers']>): HeaderRules {
  const changes = ({ set = {}, remove = [] }: NonNullable<typeof headers.request> = {}) => ({
    set: Object.fromEntries(Object.entries(set).map(([name, value]) => [name.toLowerCase(), value])),
    remove: remove.map((name) => name.toLowerCase())
  })
  return { request: changes(headers.request), response: changes(headers.response) }
}

/** Whole where the schema has defaults, for groups; for routes what they override. */
function resolveRetry(retry: NonNullable<RouteDefinition['retry']>): Partial<RetryConfig> {
  const { attempts, on, methods, budgetPercent, bodyBuffer } = retry
  return defined({
    attempts,
    on: on?.map(resolveCondition),
    methods: methods && [...methods],
    budgetPercent,
    bodyBuffer: bodyBuffer === undefined ? undefined : parseSize(bodyBuffer)
  })
}

function resolveCondition(condition: string | number): RetryConfig['on'][number] {
  const named = RETRY_CONDITIONS.find((name) => name === condition)
  return named ?? Number(condition)
}

/** Whole where the schema has defaults, for groups; for routes what they override. */
function resolveTimeouts(timeouts: NonNullable<RouteDefinition['timeouts']>): Partial<TimeoutsConfig> {
  const read = (text: string | undefined) => (text === undefined ? undefined : duration(text))
  const { connect, response, idle, total } = timeouts
  return defined({ connect: read(connect), response: read(response), idle: read(idle), total: read(total) })
}

/** Without the keys that have no value. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
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
