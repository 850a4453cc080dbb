import type { RouteConfig } from '../../src/config/types.ts'
import { type Composed, compose, type ComposeParts } from '../../src/openapi/compose.ts'
import type { JsonObject } from '../../src/openapi/json.ts'
import { readDocument } from '../../src/openapi/read-document.ts'

/** The gateway's own document, of a test. */
export const BASE = { openapi: '3.1.0', info: { title: 'API', version: '1' }, servers: [{ url: '/' }] }

/** A route to a group. */
export function route(
  path: string,
  upstream: RouteConfig['upstream'],
  more: Partial<RouteConfig> = {}
): RouteConfig {
  return { name: path, path, upstream, mode: 'stream', source: '', ...more }
}

/** A document with these paths. */
export function service(paths: object, more: object = {}): JsonObject {
  return { openapi: '3.1.0', info: { title: 'Service', version: '1' }, paths, ...more }
}

/** An operation of which nothing is known but its id. */
export function operation(operationId: string, more: object = {}): JsonObject {
  return { operationId, responses: { 200: { description: 'Good.' } }, ...more }
}

/** Composes the documents of these groups. */
export function composed(
  documents: Readonly<Record<string, JsonObject>>,
  routes: readonly RouteConfig[],
  more: Partial<ComposeParts> = {}
): Composed {
  return compose({
    documents: Object.entries(documents).map(([group, each]) => ({
      group,
      path: '/openapi.json',
      document: readDocument(JSON.stringify(each))
    })),
    routes,
    base: BASE,
    ...more
  })
}

/** Whatever stands at these keys. */
// oxlint-disable-next-line typescript/no-explicit-any
export function at(root: unknown, ...keys: readonly (string | number)[]): any {
  let value = root as Record<string | number, unknown> | undefined
  for (const key of keys) value = value?.[key] as typeof value
  return value
}

/** Its operations as `METHOD path operationId`. */
export function operations({ document }: Composed): string[] {
  return Object.entries(at(document, 'paths') as Record<string, JsonObject>).flatMap(([path, item]) =>
    Object.entries(item).map(
      ([method, each]) => `${method.toUpperCase()} ${path} ${String(at(each, 'operationId'))}`
    )
  )
}
