import { METHODS } from 'node:http'
import { findRouteConflicts } from '../routing/conflicts.ts'
import { type AuthNames, checkRouteAccess } from './check-access.ts'
import { checkValidation } from './check-docs.ts'
import { checkForwarding } from './check-forwarding.ts'
import { checkBodyLimit, checkRateLimits, checkRouteCost, type GatewayLimits } from './check-limits.ts'
import { checkUpstream } from './check-split.ts'
import type { RouteDefinition } from './define-routes.ts'
import { quote, toIssues, type SourceDocument } from './document.ts'
import type { ConfigIssue, Finding } from './issue.ts'
import type { Path } from './path.ts'
import { resolveRoute } from './resolve-routes.ts'
import { nameRoutes } from './route-names.ts'
import { checkRewrite, parseRoutePath } from './route-path.ts'
import type { Sound } from './sound.ts'
import { didYouMean } from './suggest.ts'
import type { RouteConfig } from './types.ts'

/** A route as far as it is sound, and where it stands. */
export interface RouteEntry {
  readonly document: SourceDocument
  /** Of the route in its document. */
  readonly path: Path
  readonly route: Sound<RouteDefinition>
  /** Whether the schema found nothing wrong with it, so that every required key is there. */
  readonly isWhole: boolean
}

/** What routes are checked against. */
export interface Surroundings {
  /** Names of all upstream groups, sound or not. */
  readonly groups: readonly string[]
  /** Names of those whose backends serve no document of their API. */
  readonly undocumented: readonly string[]
  readonly gateway: GatewayLimits
  /** Undefined when there is no `auth`. */
  readonly auth: AuthNames | undefined
}

/** Routes checked against the groups and each other. */
export interface CheckedRoutes {
  /** In the order given; without those that are wrong. */
  readonly routes: readonly RouteConfig[]
  readonly issues: readonly ConfigIssue[]
}

/**
 * Checks the routes of the file and of all modules together: paths, groups that exist, unique names, and that none
 * hides another.
 *
 * @param around - What of the rest of the configuration they refer to.
 */
export function checkRoutes(entries: readonly RouteEntry[], around: Surroundings): CheckedRoutes {
  const names = nameRoutes(entries.map(({ route }) => route))
  const resolved = new Map<RouteConfig, RouteEntry>()
  const issues = checkNames(entries)
  for (const [index, entry] of entries.entries()) {
    const shape = [
      ...checkShape(entry),
      ...checkLimits(entry, names[index], around),
      ...checkRouteAccess(entry.document, entry.path, entry.route, around.auth),
      ...checkValidation(entry.path, entry.route, around.undocumented)
    ]
    issues.push(...toIssues(entry.document, [...shape, ...checkUpstream(entry, around.groups)]))
    if (!entry.isWhole || shape.length > 0) continue
    const source = placeOf(entry, [])
    resolved.set(resolveRoute(entry.route as RouteDefinition, names[index] ?? '', source), entry)
  }
  const routes = [...resolved.keys()]
  return { routes, issues: [...issues, ...checkConflicts(routes, resolved)] }
}

function checkLimits(
  { document, path, route }: RouteEntry,
  name: string | undefined,
  { gateway }: Surroundings
): Finding[] {
  return [
    ...checkRateLimits(document, [...path, 'rateLimit'], route.rateLimit, name, gateway),
    ...checkRouteCost(document, path, route.cost, gateway),
    ...checkBodyLimit(document, [...path, 'bodyLimit'], route.bodyLimit)
  ]
}

function checkShape({ document, path, route }: RouteEntry): Finding[] {
  const findings = [...checkForwarding(document, path, route), ...checkMethods({ document, path, route })]
  const report = (key: 'path' | 'rewrite', expected: string) => {
    const got = quote(document, [...path, key], route[key])
    findings.push({ path: [...path, key], message: `expected ${expected}, got ${got}` })
  }
  const parsed = route.path === undefined ? undefined : parseRoutePath(route.path)
  if (parsed && 'expected' in parsed) report('path', parsed.expected)
  if (route.rewrite !== undefined) {
    const params = parsed && 'params' in parsed ? parsed.params : undefined
    const expected = checkRewrite(route.rewrite, params)
    if (expected !== undefined) report('rewrite', expected)
  }
  return findings
}

function checkMethods({ document, path, route }: Omit<RouteEntry, 'isWhole'>): Finding[] {
  return (route.methods ?? []).flatMap((method, index) => {
    if (method === undefined || METHODS.includes(method)) return []
    const place = [...path, 'methods', index]
    const hint = document.writtenAt(place) === undefined ? didYouMean(method, METHODS) : ''
    const got = quote(document, place, method)
    return [{ path: place, message: `expected a method that Node's HTTP parser knows, got ${got}${hint}` }]
  })
}

function checkNames(entries: readonly RouteEntry[]): ConfigIssue[] {
  const seen = new Map<string, RouteEntry>()
  return entries.flatMap((entry) => {
    const { name } = entry.route
    if (name === undefined) return []
    const first = seen.get(name)
    if (!first) {
      seen.set(name, entry)
      return []
    }
    const path = [...entry.path, 'name']
    const got = quote(entry.document, path, name)
    const message = `expected a unique name, got ${got} again; the first is at ${placeOf(first, ['name'])}`
    return toIssues(entry.document, [{ path, message }])
  })
}

function checkConflicts(
  routes: readonly RouteConfig[],
  entries: ReadonlyMap<RouteConfig, RouteEntry>
): ConfigIssue[] {
  return findRouteConflicts(routes).flatMap(({ first, second, reason }) => {
    const [entry, firstEntry] = [entries.get(second), entries.get(first)]
    if (!entry || !firstEntry) return []
    const why = isInterpolated(entry) || isInterpolated(firstEntry) ? 'both take the same requests' : reason
    const message =
      `route ${titleOf(entry, second)} can never be reached: ${why}; ` +
      `route ${titleOf(firstEntry, first)} (${first.source}) comes first`
    return toIssues(entry.document, [{ path: entry.path, message }])
  })
}

/** Whether what a route matches on must not be printed. */
function isInterpolated({ document, path, route }: RouteEntry): boolean {
  const lists = (['methods', 'hosts'] as const).flatMap((key) =>
    (route[key] ?? []).map((_, index) => [...path, key, index])
  )
  return [[...path, 'path'], ...lists].some((place) => document.writtenAt(place) !== undefined)
}

/** A route's name as it may be printed; a derived one gives its path away. */
function titleOf({ document, path, route }: RouteEntry, { name }: RouteConfig): string {
  return quote(document, [...path, route.name === undefined ? 'path' : 'name'], name)
}

function placeOf({ document, path }: RouteEntry, below: Path): string {
  return `${document.file}:${document.lineOf([...path, ...below])}`
}
