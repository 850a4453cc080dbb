import type { HeaderChanges, RouteConfig } from '../config/types.ts'

/** What a route changes of the fields of its responses. */
export interface ResponseChanges extends HeaderChanges {
  /** Whether all CORS fields are the gateway's to say. */
  readonly isCors?: boolean
}

/** Whether a route sets or removes a field, so that what came of it does not go on. @param name - In lower case. */
export function isChanged(name: string, changes: ResponseChanges | undefined): boolean {
  return (
    changes !== undefined &&
    (changes.remove.includes(name) ||
      Object.hasOwn(changes.set, name) ||
      (changes.isCors === true && isCorsField(name)))
  )
}

const changesOf = new WeakMap<RouteConfig, ResponseChanges>()

/**
 * What a route changes of the fields of its responses: besides what it says itself, a route with `cors` lets no CORS
 * field of its backends pass, and sets none by `headers`, whatever the origin. One with `securityHeaders` does not tell
 * what its backends run on, as helmet has it.
 */
export function responseChanges(route: RouteConfig): ResponseChanges | undefined {
  const written = route.headers?.response
  if (!route.cors && !route.securityHeaders) return written
  let changes = changesOf.get(route)
  if (!changes) changesOf.set(route, (changes = withPolicies(route, written)))
  return changes
}

function withPolicies({ cors, securityHeaders }: RouteConfig, written?: HeaderChanges): ResponseChanges {
  const { set = {}, remove = [] } = written ?? {}
  return {
    set: cors ? Object.fromEntries(Object.entries(set).filter(([name]) => !isCorsField(name))) : set,
    remove: securityHeaders ? [...remove, 'x-powered-by'] : remove,
    isCors: cors !== undefined
  }
}

function isCorsField(name: string): boolean {
  return name.startsWith('access-control-')
}
