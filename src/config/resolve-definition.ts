import { resolve as resolvePath } from 'node:path'
import { crossCheck } from './cross-checks.ts'
import type { Immutable } from './define-routes.ts'
import { toIssues, type SourceDocument } from './document.ts'
import { ConfigError, type Finding } from './issue.ts'
import { valueAt } from './path.ts'
import { resolveConfig } from './resolve.ts'
import type { RawConfig } from './schema.ts'
import type { GatewayConfig, ServerConfig } from './types.ts'
import { validateConfig } from './validate.ts'

/** Parts of a configuration that mean something without a gateway around them. */
const PARTS = ['upstreams', 'routes', 'rateLimit', 'auth', 'docs', 'log', 'tracing', 'server'] as const
/** Of `server`, what plugins can keep; a listener is the app's own affair. */
const SERVER_PARTS = ['trustProxy', 'limits'] as const

type Part = (typeof PARTS)[number]
type ServerPart = (typeof SERVER_PARTS)[number]

/** A configuration as it is written, for plugins in an app of one's own: the keys and values of the file. */
export type ConfigDefinition = Immutable<
  Pick<RawConfig, Exclude<Part, 'server'>> & { server?: Pick<NonNullable<RawConfig['server']>, ServerPart> }
>

/** The same as plugins take it: validated, with every default in place, times in milliseconds, sizes in bytes. */
export type DefinedConfig = Pick<GatewayConfig, Exclude<Part, 'server'>> & {
  readonly server: Pick<ServerConfig, ServerPart>
}

/** What messages say in place of a file. */
const NAME = 'definition'

/** Turns a definition into what plugins take. @throws {ConfigError} With everything that is wrong at once. */
export function resolveDefinition(definition: ConfigDefinition): DefinedConfig {
  // Defaults are put into a copy: it may be a constant.
  const root: unknown = structuredClone(definition)
  const document: SourceDocument = {
    file: NAME,
    lineOf: () => 1,
    has: (path) => valueAt(definition, path) !== undefined,
    writtenAt: () => undefined
  }
  const foreign = [
    ...foreignKeys(definition, [], PARTS),
    ...foreignKeys(definition.server, ['server'], SERVER_PARTS)
  ]
  const findings = [...foreign, ...validateConfig(root, document, new Map(), foreign)]
  const checks = crossCheck(root, document, findings, [])
  const issues = [...toIssues(document, findings), ...checks.issues]
  if (issues.length > 0) throw new ConfigError(issues)
  const config = resolveConfig(resolvePath(NAME), root as RawConfig, checks.routes)
  const { trustProxy, limits } = config.server
  const { upstreams, routes, rateLimit, auth, docs, log, tracing } = config
  return {
    upstreams,
    routes,
    rateLimit,
    ...(auth && { auth }),
    docs,
    log,
    ...(tracing && { tracing }),
    server: { trustProxy, limits }
  }
}

function foreignKeys(value: unknown, place: readonly string[], known: readonly string[]): Finding[] {
  if (typeof value !== 'object' || value === null) return []
  const keys = Object.keys(value).filter((key) => !known.includes(key))
  const message = `expected one of ${known.join(', ')}`
  return keys.map((key) => ({ path: [...place, key], message, at: 'key' }))
}
