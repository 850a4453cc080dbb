import type { RouteConfig } from '../config/types.ts'
import type { RouteTable } from '../routing/route-table.ts'
import { DocumentError } from './document-error.ts'
import { isObject, type JsonObject, own, pointerStep, textAt, valueAtSteps, pointerSteps } from './json.ts'
import { componentName, type Names } from './names.ts'
import { fillIn, parametersOf, type PublicPath, publicPath } from './public-path.ts'
import { hostsReached } from './reach.ts'
import type { ServiceDocument } from './read-document.ts'

/** Methods that a path item describes. */
export const OPERATION_METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const

/** A group's document and how its paths are to be read. */
export interface GroupDocument {
  readonly group: string
  readonly document: ServiceDocument
  /** Path that a backend serves the document at: its servers are relative to it. */
  readonly path: string
}

/** An operation of a service. */
export interface ServiceOperation {
  readonly group: string
  /** In upper case. */
  readonly method: string
  /** Path of the backend, with `{name}` where a parameter stands. */
  readonly template: string
  /** As it is written. */
  readonly operation: JsonObject
  readonly at: string
  readonly item: JsonObject
  readonly itemAt: string
}

/** An operation of the composed document. */
export interface PlannedOperation extends ServiceOperation {
  readonly route: RouteConfig
  readonly public: PublicPath
  /** Hosts on which it is reached; `undefined` among them is any. */
  readonly hosts: readonly (string | undefined)[]
  /** Namespaced and unique, where it has one. */
  readonly operationId: string | undefined
}

/** A path of the composed document. */
export interface PlannedPath {
  readonly path: string
  readonly operations: Map<string, PlannedOperation>
}

/** An operation that routes reach, but another route's stands in its place: a document has one for a path and method. */
export interface LeftOut {
  readonly group: string
  readonly method: string
  readonly path: string
  readonly route: string
}

/** What of the services' documents is going to be in the composed one. */
export interface Plan {
  readonly paths: readonly PlannedPath[]
  readonly leftOut: readonly LeftOut[]
}

/** All operations that a document describes, path items that are referred to resolved. */
export function operationsOf({ group, document, path }: GroupDocument): ServiceOperation[] {
  const { root } = document
  const paths = own(root, 'paths') ?? {}
  if (!isObject(paths)) throw new DocumentError('invalid', '/paths')
  return Object.entries(paths).flatMap(([key, value]) => {
    if (!key.startsWith('/')) return []
    const [item, itemAt] = pathItem(root, value, `/paths${pointerStep(key)}`)
    return OPERATION_METHODS.flatMap((name) => {
      const operation = own(item, name)
      if (operation === undefined) return []
      const at = itemAt + pointerStep(name)
      if (!isObject(operation)) throw new DocumentError('invalid', at)
      const template = basePath([operation, item, root], path) + key
      return [{ group, method: name.toUpperCase(), template, operation, at, item, itemAt }]
    })
  })
}

/** Finds where each operation is reached, if it is. */
export function planOperations(documents: readonly GroupDocument[], table: RouteTable, names: Names): Plan {
  const operations = new Map(documents.map((each) => [each.group, operationsOf(each)]))
  const paths = new Map<string, PlannedPath>()
  const leftOut: LeftOut[] = []
  // What is reached on any host comes first: it is what most clients see.
  for (const route of table.routes.toSorted((a, b) => Number(!!a.hosts) - Number(!!b.hosts))) {
    for (const each of groupsOf(route).flatMap((group) => operations.get(group) ?? [])) {
      if (route.methods && !route.methods.includes(each.method)) continue
      const found = publicPath(route, each.template)
      const hosts = found ? hostsReached(table, route, each.method, found.path) : []
      if (!found || hosts.length === 0) continue
      const shape = fillIn(found.path, () => '{}')
      let place = paths.get(shape)
      if (!place) paths.set(shape, (place = { path: found.path, operations: new Map() }))
      const there = place.operations.get(each.method)
      if (!there) {
        const operationId = idOf(each, names)
        place.operations.set(each.method, { ...each, route, public: found, hosts, operationId })
      } else if (there.route !== route) {
        const { group, method, template } = each
        leftOut.push({ group, method, path: template, route: route.name })
      }
    }
  }
  return { paths: [...paths.values()], leftOut }
}

/** The namespaced id of an operation, if it has one. */
export function idOf(
  { group, operation }: Pick<ServiceOperation, 'group' | 'operation'>,
  names: Names
): string | undefined {
  const id = textAt(operation, 'operationId')
  return id === undefined ? undefined : names.claim('operationId', componentName(group, id))
}

/** Names of a planned operation's parameters, from those of its document to those of its place. */
export function renamed(place: PlannedPath, operation: PlannedOperation): ReadonlyMap<string, string> {
  const names = parametersOf(place.path)
  return new Map(parametersOf(operation.public.path).map((name, index) => [name, names[index]!]))
}

/** The groups of a route, that with the largest share first. */
function groupsOf({ upstream }: RouteConfig): string[] {
  if (typeof upstream === 'string') return [upstream]
  return upstream.toSorted((a, b) => b.weight - a.weight).map(({ group }) => group)
}

function pathItem(root: JsonObject, value: unknown, at: string): [JsonObject, string] {
  if (!isObject(value)) throw new DocumentError('invalid', at)
  const ref = textAt(value, '$ref')
  if (ref === undefined) return [value, at]
  const steps = pointerSteps(ref)
  if (!steps) throw new DocumentError(ref.startsWith('#') ? 'unknown_ref' : 'external_ref', at)
  const found = valueAtSteps(root, steps)
  if (!isObject(found)) throw new DocumentError('unknown_ref', at)
  if (textAt(found, '$ref') !== undefined) throw new DocumentError('circular_ref', at)
  // What stands beside the reference holds too (3.1 section 4.8.9).
  return [{ ...found, ...withoutRef(value) }, steps.map(pointerStep).join('')]
}

function withoutRef(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '$ref'))
}

/** The path that the first server adds, that of the innermost place that names one. */
function basePath(places: readonly JsonObject[], documentPath: string): string {
  const list = places
    .map((place) => own(place, 'servers'))
    .find((each) => Array.isArray(each) && each.length > 0)
  const [server] = (list ?? []) as unknown[]
  if (!isObject(server)) return ''
  const variables = own(server, 'variables')
  const url = (textAt(server, 'url') ?? '').replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = isObject(variables) ? own(variables, name) : undefined
    return (isObject(variable) && textAt(variable, 'default')) || whole
  })
  // An authority may be made of variables that have no default.
  const [, path = url] = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*(.*)$/i.exec(url) ?? []
  const base = `http://backend${documentPath}`
  if (!URL.canParse(path, base)) return ''
  const { pathname } = new URL(path === '' ? '/' : path, base)
  return pathname === '/' ? '' : pathname.replace(/\/$/, '')
}
