import type { IncomingMessage } from 'node:http'
import { badRequest, methodNotAllowed, noRoute, type ProblemError } from '../problem.ts'
import { checkMessage, hasDotSegment, type RequestHead } from './message-checks.ts'
import type { RouteMatch, RouteTable } from './route-table.ts'

/** Where a request goes, or the answer that it gets unless the app has a handler of its own for it. */
export type Lookup = FoundRoute | Refused

/** A route takes the request. */
export interface FoundRoute {
  readonly match: RouteMatch
  /** The request target in origin form, byte for byte. */
  readonly target: string
}

/** No route takes the request. */
export interface Refused {
  readonly refusal: ProblemError
  /** Whether nobody else may take it either. */
  readonly isFinal: boolean
}

const kLookup = Symbol('xecureapi.lookup')

declare module 'node:http' {
  interface IncomingMessage {
    [kLookup]?: Lookup
  }
}

/** Finds the route of a request, once. */
export function lookUp(table: RouteTable, request: IncomingMessage): Lookup {
  return (request[kLookup] ??= findRoute(table, request))
}

/** The request target in origin form, byte for byte, whatever Fastify was told to route by. */
export function targetOf(request: IncomingMessage): string {
  const found = request[kLookup]
  return found && 'match' in found ? found.target : request.url!
}

/** Checks a request and finds its route. An absolute-form target is made the origin form. */
export function findRoute(table: RouteTable, request: RequestHead): Lookup {
  const wrong = checkMessage(request, table.maxHeaders)
  if (wrong) return { refusal: wrong, isFinal: true }
  const path = pathOf(request.url!)
  if (hasDotSegment(path)) {
    return { refusal: badRequest('dot_segment', 'A path must not have dot segments.'), isFinal: true }
  }
  const asked = isPreflight(request) ? preflighted(table, request, path) : undefined
  const found = asked?.route.cors ? asked : table.lookup(request.method!, request.headers.host, path)
  if (found.kind === 'match') return { match: found, target: request.url! }
  if (found.kind === 'no-match') return { refusal: noRoute(), isFinal: !isDecodable(path) }
  return { refusal: methodNotAllowed(request.method!, found.allow), isFinal: false }
}

/** Whether a browser asks whether it may send a request (Fetch standard, section 3.2.2); it says which, and who asks. */
export function isPreflight({ method, headers }: Pick<RequestHead, 'method' | 'headers'>): boolean {
  return method === 'OPTIONS' && !!headers.origin && !!headers['access-control-request-method']
}

/** The route of the request that a preflight asks about; if it has `cors`, it has the preflight, OPTIONS or not. */
export function preflighted(
  table: RouteTable,
  { headers }: Pick<RequestHead, 'headers'>,
  path: string
): RouteMatch | undefined {
  const found = table.lookup(headers['access-control-request-method']!, headers.host, path)
  return found.kind === 'match' ? found : undefined
}

/**
 * What Fastify routes by, for its `rewriteUrl`: a request that a route takes, or that nobody may take, goes to the one
 * place where forwarding is mounted, so that Fastify's router never decodes, refuses or normalises its path. Any other
 * may find a handler of the app.
 */
export function forwardFirst(table: RouteTable): (request: IncomingMessage) => string {
  return (request) => {
    const found = lookUp(table, request)
    if ('match' in found) return found.match.route.mode === 'buffered' ? BUFFERED_PATH : FORWARDING_PATH
    return found.isFinal ? FORWARDING_PATH : request.url!
  }
}

/** Path that stands for all forwarded ones. */
export const FORWARDING_PATH = '/.forwarding'
/** The same for those whose response is a whole Fastify reply. */
const BUFFERED_PATH = '/.forwarding/buffered'

/** The path of a request target, raw, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** Whether other routers can be asked for the path: they decode it. */
function isDecodable(path: string): boolean {
  try {
    decodeURI(path)
    return path.startsWith('/')
  } catch {
    return false
  }
}
