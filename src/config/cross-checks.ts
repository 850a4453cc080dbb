import { type AuthNames, checkAuth, checkLimitKeys } from './check-access.ts'
import { checkDocs } from './check-docs.ts'
import { checkRateLimits } from './check-limits.ts'
import { checkListeners } from './check-listeners.ts'
import { checkRoutes, type RouteEntry } from './check-routes.ts'
import { checkStore } from './check-store.ts'
import { checkLog, checkTracing } from './check-telemetry.ts'
import { checkUpstreams } from './check-upstreams.ts'
import { toIssues, type SourceDocument } from './document.ts'
import type { ConfigIssue, Finding } from './issue.ts'
import { valueAt, type Path } from './path.ts'
import type { RouteModule } from './routes-dir.ts'
import type { RouteDefinition } from './define-routes.ts'
import type { RawConfig } from './schema.ts'
import { isSound, withoutPlaces, type Sound } from './sound.ts'
import type { RouteConfig } from './types.ts'
import { validateRouteList } from './validate.ts'

/** What the checks beyond the schema found. */
export interface CrossChecks {
  /** Of the file first, then those of the modules; without those that are wrong. */
  readonly routes: readonly RouteConfig[]
  readonly issues: readonly ConfigIssue[]
}

/**
 * Checks what a schema can't say: ranges of times, URLs, references, names and routes across all files. Looks at
 * whatever is sound, so that its errors are told together with the schema's.
 *
 * @param root - The configuration, defaults in place.
 * @param known - What is wrong with it already.
 */
export function crossCheck(
  root: unknown,
  document: SourceDocument,
  known: readonly Finding[],
  modules: readonly RouteModule[]
): CrossChecks {
  const wrong = known.map(({ path }) => path)
  const config = (withoutPlaces(root, wrong) ?? {}) as Sound<RawConfig>
  const own = (config.routes ?? []).map((_, index) => ['routes', index])
  const entries = own.flatMap((path) => entryAt(document, config, path, wrong))
  const moduleIssues: ConfigIssue[] = []
  for (const { document: module, routes } of modules) {
    const findings = validateRouteList(routes, module)
    moduleIssues.push(...toIssues(module, findings))
    const places = findings.map(({ path }) => path)
    const sound = withoutPlaces(routes, places)
    entries.push(...routes.flatMap((_, index) => entryAt(module, sound, [index], places)))
  }
  const auth = authNames(root)
  const findings = [
    ...checkListeners(config, document),
    ...checkStore(document, config.store),
    ...checkLog(document, config.log),
    ...checkTracing(config.tracing),
    ...checkDocs(document, config.docs),
    ...checkRateLimits(document, ['rateLimit'], config.rateLimit, 'gateway'),
    ...checkAuth(document, config.auth),
    ...checkLimitKeys(document, ['rateLimit'], config.rateLimit, auth, auth !== undefined),
    ...checkUpstreams(config, document)
  ]
  const { routes, issues } = checkRoutes(entries, {
    groups: groupsOf(root),
    undocumented: groupsOf(root).filter(
      (name) => valueAt(root, ['upstreams', name, 'openapi']) === undefined
    ),
    gateway: { document, rateLimit: config.rateLimit },
    auth
  })
  return { routes, issues: [...moduleIssues, ...toIssues(document, findings), ...issues] }
}

function entryAt(document: SourceDocument, sound: unknown, path: Path, wrong: readonly Path[]): RouteEntry[] {
  const route = valueAt(sound, path)
  if (route === undefined) return []
  return [{ document, path, route: route as Sound<RouteDefinition>, isWhole: isSound(path, wrong) }]
}

function authNames(root: unknown): AuthNames | undefined {
  if (valueAt(root, ['auth']) === undefined) return undefined
  const consumer = valueAt(root, ['auth', 'consumerHeader'])
  const field = typeof consumer === 'string' ? consumer.toLowerCase() : 'x-consumer'
  return {
    apiKeys: keysAt(root, ['auth', 'apiKeys']),
    jwt: keysAt(root, ['auth', 'jwt']),
    consumerFields: [field, `${field}-auth`]
  }
}

/** The groups that the file names, sound or not: a reference to a group with an error is no error of its own. */
function groupsOf(root: unknown): string[] {
  return keysAt(root, ['upstreams'])
}

function keysAt(root: unknown, path: Path): string[] {
  const value = valueAt(root, path)
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}
