import type { Static } from 'typebox'
import type { RouteSchema } from './schema-routes.ts'

/** The same, read only all the way down. */
export type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T

/** A route as it is written: in the configuration file's `routes`, or in a module of `routesDir`. */
export type RouteDefinition = Immutable<Static<typeof RouteSchema>>

/**
 * Gives the routes of a module their type; returns them as they are. They are validated with the configuration.
 *
 * @example
 * ```ts
 * export default defineRoutes([{ path: '/api/products', upstream: 'catalog' }])
 * ```
 */
export function defineRoutes(routes: readonly RouteDefinition[]): readonly RouteDefinition[] {
  return routes
}
