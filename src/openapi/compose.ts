import type { AuthConfig, RouteConfig } from '../config/types.ts'
import { RouteTable } from '../routing/route-table.ts'
import { COMPONENTS } from './grammar.ts'
import { ownComponents, ownSchemes } from './gateway-parts.ts'
import { isObject, type JsonObject, listAt, objectAt, pointerStep, textAt } from './json.ts'
import { Names, componentName } from './names.ts'
import { movePathItem, movePlanned, tagName } from './operations.ts'
import {
  type GroupDocument,
  idOf,
  type LeftOut,
  operationsOf,
  type Plan,
  type PlannedOperation,
  planOperations
} from './plan.ts'
import { type Components, Transplant } from './transplant.ts'

/** What a document is composed of. */
export interface ComposeParts {
  /** Of the groups that have one, in the order of the configuration. */
  readonly documents: readonly GroupDocument[]
  readonly routes: readonly RouteConfig[]
  /** What routes ask clients for. */
  readonly auth?: AuthConfig | undefined
  /** The gateway's own document: what is said of it as a whole, and what it answers by itself. */
  readonly base: JsonObject
}

/** The composed document, and what came of each service's. */
export interface Composed {
  readonly document: JsonObject
  readonly groups: readonly GroupReport[]
  readonly leftOut: readonly LeftOut[]
}

/** What of a service's document is in the composed one. */
export interface GroupReport {
  readonly group: string
  /** Operations that the service describes. */
  readonly described: number
  /** Those of them that routes reach; one that several routes reach counts as often. */
  readonly composed: number
}

/**
 * Composes one OpenAPI 3.1 document of those of the services: what routes reach of them, under its public paths. Pure:
 * the same parts make the same document.
 *
 * @throws DocumentError when a service's document makes no sense.
 */
export function compose({ documents, routes, auth, base }: ComposeParts): Composed {
  const names = new Names()
  const components: Components = new Map()
  const own: JsonObject = ownComponents()
  const schemes = ownSchemes(routes, auth)
  for (const [space, each] of [
    ...Object.entries(own),
    ['securitySchemes', Object.fromEntries(schemes)] as const
  ])
    put(components, names, space, each as JsonObject)
  const plan = planOperations(documents, new RouteTable(routes), names)
  const placed = placesOf(plan)
  const groups = documents.map((each) => moverOf(each, { names, components, placed }))
  const moverByGroup = new Map(groups.map((mover) => [mover.group, mover]))
  const paths = plan.paths.map((place) => {
    const operations = [...place.operations].map(
      ([method, planned]) =>
        [method.toLowerCase(), movePlanned(moverByGroup.get(planned.group)!, place, planned)] as const
    )
    return [place.path, Object.fromEntries(operations)] as const
  })
  const webhooks = groups.flatMap((mover) => webhooksOf(mover, names))
  for (const mover of groups) mover.settle()
  const document = {
    ...base,
    info: infoOf(base, documents),
    tags: tagsOf(
      groups,
      paths.flatMap(([, item]) => Object.values(item))
    ),
    paths: Object.fromEntries(paths),
    ...(webhooks.length > 0 && { webhooks: Object.fromEntries(webhooks) }),
    components: sorted(components)
  }
  return { document, groups: documents.map((each) => reportOf(each, plan)), leftOut: plan.leftOut }
}

/** Whose documents they are, as each says of itself. */
function infoOf(base: JsonObject, documents: readonly GroupDocument[]): JsonObject {
  const info = objectAt(base, 'info')
  const lines = documents.map(({ group, document }) => {
    const said = objectAt(document.root, 'info')
    return `- \`${group}\`: ${[textAt(said, 'title'), textAt(said, 'version')].filter(Boolean).join(' ')}`
  })
  return { ...info, description: [textAt(info, 'description') ?? '', lines.join('\n')].join('\n\n') }
}

interface Shared {
  readonly names: Names
  readonly components: Components
  /** Where operations are in the composed document, by their group and their place or id. */
  readonly placed: ReadonlyMap<string, { readonly planned: PlannedOperation; readonly pointer: string }>
}

function moverOf({ group, document }: GroupDocument, { names, components, placed }: Shared): Transplant {
  const mover: Transplant = new Transplant({
    group,
    document,
    names,
    components,
    movePathItem: (item, at) =>
      movePathItem(mover, item, at, (operation) => idOf({ group, operation }, names)),
    linkTarget: (link) => {
      const id = textAt(link, 'operationId')
      const ref = textAt(link, 'operationRef') ?? ''
      const found = placed.get(id === undefined ? `${group} ${ref}` : `${group} id ${id}`)
      if (!found) return undefined
      const { operationId } = found.planned
      return operationId === undefined ? { operationRef: found.pointer } : { operationId }
    }
  })
  return mover
}

function placesOf({ paths }: Plan): Shared['placed'] {
  const places = new Map<string, { planned: PlannedOperation; pointer: string }>()
  for (const { path, operations } of paths) {
    for (const planned of operations.values()) {
      const { group, operation, at, method } = planned
      const pointer = `#/paths${encodeURI(pointerStep(path))}/${method.toLowerCase()}`
      const id = textAt(operation, 'operationId')
      const keys = [`${group} #${at}`, ...(id === undefined ? [] : [`${group} id ${id}`])]
      // The first place stands for all.
      for (const key of keys) if (!places.has(key)) places.set(key, { planned, pointer })
    }
  }
  return places
}

/** Names that are the gateway's are claimed before any group has its turn. */
function put(components: Components, names: Names, space: string, each: JsonObject): void {
  for (const name of Object.keys(each)) names.claim(space, name)
  components.set(space, new Map(Object.entries(each)))
}

/** What services send by themselves; no route leads there. */
function webhooksOf(mover: Transplant, names: Names): [string, JsonObject][] {
  return Object.entries(objectAt(mover.document.root, 'webhooks')).flatMap(
    ([name, value]): [string, JsonObject][] => {
      const at = `/webhooks${pointerStep(name)}`
      const found = mover.resolve(value, at)
      const moved = movePathItem(mover, found.value, found.at, (operation) =>
        idOf({ group: mover.group, operation }, names)
      )
      return [[names.claim('webhooks', componentName(mover.group, name)), moved]]
    }
  )
}

/** The tags that operations have, with what their documents say of them. */
function tagsOf(movers: readonly Transplant[], operations: readonly JsonObject[]): JsonObject[] {
  const used = new Set(operations.flatMap((operation) => listAt(operation, 'tags') as string[]))
  const told = movers.flatMap((mover) =>
    listAt(mover.document.root, 'tags').flatMap((tag, index): JsonObject[] => {
      const name = isObject(tag) ? textAt(tag, 'name') : undefined
      if (name === undefined) return []
      const { externalDocs, ...rest } = tag as JsonObject
      const docs = isObject(externalDocs) && textAt(externalDocs, 'url') !== undefined ? { externalDocs } : {}
      return [
        { ...mover.object('Tag', { ...rest, ...docs }, `/tags/${index}`), name: tagName(mover.group, name) }
      ]
    })
  )
  const known = new Map(told.map((tag) => [tag['name'] as string, tag]))
  return [...used].map((name) => known.get(name) ?? { name })
}

function sorted(components: Components): JsonObject {
  const spaces = Object.values(COMPONENTS).flatMap((space) => {
    const each = components.get(space)
    return each && each.size > 0 ? [[space, Object.fromEntries(each)] as const] : []
  })
  return Object.fromEntries(spaces)
}

function reportOf(each: GroupDocument, { paths }: Plan): GroupReport {
  const { group } = each
  const all = paths.flatMap(({ operations }) => [...operations.values()])
  return {
    group,
    described: operationsOf(each).length,
    composed: all.filter((planned) => planned.group === group).length
  }
}
