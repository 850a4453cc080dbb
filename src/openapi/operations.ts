import type { RouteConfig } from '../config/types.ts'
import { bothOf, OWN, ownRequirements, ownStatuses, type Requirement } from './gateway-parts.ts'
import { isObject, type JsonObject, listAt, objectAt, own, pointerStep, textAt } from './json.ts'
import { OPERATION_METHODS, type PlannedOperation, type PlannedPath, renamed } from './plan.ts'
import { extensions, type Transplant } from './transplant.ts'

/** What is said of an operation besides what its document says. */
interface Around {
  readonly operationId: string | undefined
  readonly parameters: readonly JsonObject[]
  readonly responses: JsonObject
  readonly security: readonly Requirement[]
  readonly servers?: readonly JsonObject[]
}

/** An operation that a route reaches, as it stands in the composed document. */
export function movePlanned(to: Transplant, place: PlannedPath, planned: PlannedOperation): JsonObject {
  const { operation, at, item, itemAt, route, hosts, operationId } = planned
  const servers = hosts.includes(undefined) ? undefined : hosts.map((host) => serverOf(host!))
  return moveOperation(to, operation, at, {
    operationId,
    parameters: parametersOf(to, place, planned, [
      ...list(item, 'parameters', itemAt),
      ...list(operation, 'parameters', at)
    ]),
    responses: ownResponses(route),
    security: bothOf(ownRequirements(route), requirementsOf(to, operation)),
    ...(servers && { servers })
  })
}

/** A path item that no route leads to, that of a callback or a webhook. */
export function movePathItem(
  to: Transplant,
  item: JsonObject,
  at: string,
  claim: (operation: JsonObject) => string | undefined
): JsonObject {
  const operations = OPERATION_METHODS.flatMap((method) => {
    const operation = own(item, method)
    if (!isObject(operation)) return []
    const place = at + pointerStep(method)
    const around = {
      operationId: claim(operation),
      parameters: list(operation, 'parameters', place).map(({ value, at: where }) =>
        to.object('Parameter', value, where)
      ),
      responses: {},
      security: requirementsOf(to, operation)
    }
    return [[method, moveOperation(to, operation, place, around)] as const]
  })
  const shared = list(item, 'parameters', at).map(({ value, at: where }) =>
    to.object('Parameter', value, where)
  )
  return {
    ...texts(item, ['summary', 'description']),
    ...Object.fromEntries(operations),
    ...(shared.length > 0 && { parameters: shared }),
    ...Object.fromEntries(extensions(item))
  }
}

function moveOperation(to: Transplant, operation: JsonObject, at: string, around: Around): JsonObject {
  const { operationId, parameters, responses, security, servers } = around
  const body = own(operation, 'requestBody')
  const docs = own(operation, 'externalDocs')
  const callbacks = to.map({ kind: 'Callback' }, own(operation, 'callbacks'), `${at}/callbacks`)
  const tags = listAt(operation, 'tags').filter((tag) => typeof tag === 'string')
  return {
    tags: tags.length > 0 ? tags.map((tag) => tagName(to.group, tag)) : [to.group],
    ...texts(operation, ['summary', 'description']),
    ...(isObject(docs) &&
      textAt(docs, 'url') !== undefined && {
        externalDocs: to.object('ExternalDocs', docs, `${at}/externalDocs`)
      }),
    ...(operationId !== undefined && { operationId }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: to.object('RequestBody', body, `${at}/requestBody`) }),
    responses: { ...moveResponses(to, objectAt(operation, 'responses'), `${at}/responses`, responses) },
    ...(callbacks && Object.keys(callbacks).length > 0 && { callbacks }),
    ...(own(operation, 'deprecated') === true && { deprecated: true }),
    ...((security.length > 0 || own(operation, 'security') !== undefined) && { security }),
    ...(servers && { servers }),
    ...Object.fromEntries(extensions(operation))
  }
}

/** Tags have names that any text may be. */
export function tagName(group: string, tag: string): string {
  return `${group}_${tag}`
}

const STATUS = /^(?:[1-5](?:\d\d|XX)|default)$/

function moveResponses(to: Transplant, responses: JsonObject, at: string, added: JsonObject): JsonObject {
  const moved = Object.entries(responses)
    .map(
      ([status, each]) => [/^[1-5]xx$/.test(status) ? status.toUpperCase() : status, status, each] as const
    )
    .filter(([status]) => STATUS.test(status))
    .map(
      ([status, written, each]) => [status, to.object('Response', each, at + pointerStep(written))] as const
    )
  // What the service says of a status holds for the gateway's answer too, or it would say so of another.
  const all = { ...added, ...Object.fromEntries(moved) }
  return Object.keys(all).length > 0 ? all : { default: { description: '' } }
}

function ownResponses(route: RouteConfig): JsonObject {
  return Object.fromEntries(
    ownStatuses(route).map((status) => [status, { $ref: `#/components/responses/${OWN}_${status}` }])
  )
}

interface Listed {
  readonly value: unknown
  readonly at: string
}

function list(of: JsonObject, key: string, at: string): Listed[] {
  return listAt(of, key).map((value, index) => ({ value, at: at + pointerStep(key) + pointerStep(index) }))
}

/** Those of the path item and of the operation, which win; with the names that they have at this place. */
function parametersOf(
  to: Transplant,
  place: PlannedPath,
  planned: PlannedOperation,
  listed: readonly Listed[]
): JsonObject[] {
  const { added, dropped } = planned.public
  const names = renamed(place, planned)
  const found = new Map<string, JsonObject>()
  for (const { value, at } of listed) {
    const resolved = to.resolve(value, at)
    const [name, where] = [textAt(resolved.value, 'name') ?? '', textAt(resolved.value, 'in')]
    if (where === 'path' && (dropped.has(name) || !names.has(name) || added.includes(name))) continue
    const publicName = where === 'path' ? names.get(name)! : name
    // A reference stays one where nothing is said otherwise.
    const isSame = publicName === name
    const moved = isSame
      ? to.object('Parameter', value, at)
      : { ...to.object('Parameter', resolved.value, resolved.at), name: publicName }
    found.set(`${where} ${name}`, moved)
  }
  for (const [name, publicName] of names) {
    const key = `path ${name}`
    if (!found.has(key)) found.set(key, plainParameter(publicName))
  }
  return [...found.values()]
}

function plainParameter(name: string): JsonObject {
  return { name, in: 'path', required: true, schema: { type: 'string' } }
}

/** What the operation asks for, or its document as a whole. */
function requirementsOf(to: Transplant, operation: JsonObject): readonly Requirement[] {
  const written = own(operation, 'security') ?? own(to.document.root, 'security')
  if (!Array.isArray(written)) return []
  return written.filter(isObject).map((requirement) => {
    const known = Object.entries(requirement).flatMap(([name, scopes]) => {
      const moved = to.component('SecurityScheme', name)
      if (moved === undefined) return []
      return [[moved, Array.isArray(scopes) ? scopes.map(String) : []] as const]
    })
    return Object.fromEntries(known)
  })
}

/** `*.example.com` has a variable for what the star stands for. Clients keep to the scheme that they are at. */
function serverOf(host: string): JsonObject {
  if (!host.startsWith('*.')) return { url: `//${host}` }
  return { url: `//{subdomain}${host.slice(1)}`, variables: { subdomain: { default: 'www' } } }
}

function texts(of: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (textAt(of, key) === undefined ? [] : [[key, of[key]]])))
}
