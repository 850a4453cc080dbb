import { dirname, resolve as resolvePath } from 'node:path'
import { resolveAdmin } from './admin.ts'
import { resolveAuth } from './resolve-access.ts'
import { resolveClientLimits, resolveRateLimits, resolveStore } from './resolve-limits.ts'
import { duration, present } from './resolve-parts.ts'
import { resolveLog, resolveTracing } from './resolve-telemetry.ts'
import { resolveRedirect, resolveServerTls } from './resolve-tls.ts'
import { resolveGroup } from './resolve-upstreams.ts'
import type { RawConfig } from './schema.ts'
import type { GatewayConfig, RouteConfig } from './types.ts'

/**
 * Turns a valid configuration, with the schema's defaults in place, into the form that the gateway works with.
 *
 * @param file - Absolute path of the configuration file.
 * @param routes - Of the file and of the modules, resolved already.
 */
export function resolveConfig(file: string, raw: RawConfig, routes: readonly RouteConfig[]): GatewayConfig {
  const folder = dirname(file)
  const server = present(raw.server)
  const shutdown = present(server.shutdown)
  const docs = present(raw.docs)
  return {
    file,
    server: {
      host: present(server.host),
      port: present(server.port),
      workers: present(server.workers),
      trustProxy: [...present(server.trustProxy)],
      proxyProtocol: present(server.proxyProtocol),
      ...(server.tls && { tls: resolveServerTls(folder, server.tls) }),
      ...(server.redirect && { redirect: resolveRedirect(server.redirect) }),
      stallTimeout: duration(server.stallTimeout),
      limits: resolveClientLimits(present(server.limits)),
      shutdown: { delay: duration(shutdown.delay), timeout: duration(shutdown.timeout) }
    },
    admin: resolveAdmin(present(raw.admin)),
    log: resolveLog(present(raw.log)),
    ...(raw.tracing && { tracing: resolveTracing(raw.tracing) }),
    docs: { enabled: present(docs.enabled), path: present(docs.path) },
    store: resolveStore(folder, present(raw.store)),
    rateLimit: raw.rateLimit ? resolveRateLimits('gateway', raw.rateLimit) : [],
    ...(raw.auth && { auth: resolveAuth(raw.auth) }),
    upstreams: Object.entries(present(raw.upstreams)).map(([name, group]) =>
      resolveGroup(folder, name, group)
    ),
    routes,
    ...(raw.routesDir !== undefined && { routesDir: resolvePath(folder, raw.routesDir) })
  }
}
