import type { RouteConfig } from '../config/types.ts'
import { hostsOf, normalizeHost } from './hosts.ts'
import { decodeSegment, parsePathShape, type PathShape } from './path-shape.ts'

/** A route found for a request. */
export interface RouteMatch {
  readonly kind: 'match'
  readonly route: RouteConfig
  /** The raw, still percent-encoded segments that the path's parameters matched, in order. */
  readonly values: readonly string[]
  /** Names of the parameters, in order. */
  readonly params: readonly string[]
  /** How much of the raw path the route's prefix took. */
  readonly prefixLength: number
}

/** Paths match, methods don't: what a 405 says in `Allow`. */
export interface MethodMismatch {
  readonly kind: 'method-mismatch'
  readonly allow: readonly string[]
}

/** Nothing serves this path on this host. */
export interface NoMatch {
  readonly kind: 'no-match'
}

interface Entry {
  readonly route: RouteConfig
  readonly shape: PathShape
}

interface Node {
  readonly literals: Map<string, Node>
  parameter: Node | undefined
  /** Entries that end here; those with `methods` first, as the narrower ones. */
  readonly entries: Entry[]
}

/** What `server.limits.maxHeaders` is by default. */
export const MAX_HEADERS = 100

const NONE: readonly string[] = []
const NO_MATCH: NoMatch = { kind: 'no-match' }

/**
 * The routes of one generation as an immutable tree of path segments, one tree per host.
 *
 * Precedence, most specific first (hosts as in the Kubernetes Gateway API, paths as in find-my-way): the exact host,
 * the longest `*.` host, any host; then, segment by segment, a literal before a parameter before the path's end, so
 * that the longer path wins but `/a/b` goes before `/a/:x/c`; then a route that names the method before one that takes
 * any. A route that doesn't take the method lets a less specific one have the request.
 *
 * Fastify's own find-my-way is not used for this: it allows 31 hosts per path, has no prefix fallback between
 * methods, knows Node's list of methods only, and costs some 10 µs per route and method to build, where a
 * reload has to build a thousand of them beside live traffic.
 */
export class RouteTable {
  readonly routes: readonly RouteConfig[]
  /** Most fields of a request's header that it is asked for. */
  readonly maxHeaders: number
  readonly #exactHosts = new Map<string, Node>()
  /** `.example.com` → its tree, longest suffix first. */
  readonly #wildcardHosts: { suffix: string; root: Node }[] = []
  readonly #anyHost = newNode()

  /** @param routes - Validated routes, free of conflicts. */
  constructor(routes: readonly RouteConfig[], maxHeaders = MAX_HEADERS) {
    this.routes = routes
    this.maxHeaders = maxHeaders
    for (const route of routes) {
      const entry = { route, shape: parsePathShape(route.path) }
      for (const host of hostsOf(route)) insert(this.#rootFor(host), entry)
    }
    this.#wildcardHosts.sort((a, b) => b.suffix.length - a.suffix.length)
  }

  /**
   * Finds the route for a request.
   *
   * @param method - As on the request line, case-sensitive (RFC 9110 section 9.1).
   * @param host - The Host field, with or without a port; undefined when there is none.
   * @param path - The raw path, without query.
   */
  lookup(method: string, host: string | undefined, path: string): RouteMatch | MethodMismatch | NoMatch {
    const search = new Search(method, path)
    if (this.#exactHosts.size > 0 || this.#wildcardHosts.length > 0) {
      const name = normalizeHost(host)
      const exact = this.#exactHosts.get(name)
      const match = exact && search.in(exact)
      if (match) return match
      for (const { suffix, root } of this.#wildcardHosts) {
        const wildcardMatch = name.endsWith(suffix) && name.length > suffix.length && search.in(root)
        if (wildcardMatch) return wildcardMatch
      }
    }
    const match = search.in(this.#anyHost)
    if (match) return match
    return search.allow ? { kind: 'method-mismatch', allow: [...search.allow] } : NO_MATCH
  }

  #rootFor(host: string | undefined): Node {
    if (host === undefined) return this.#anyHost
    if (host.startsWith('*.')) {
      const suffix = host.slice(1)
      const known = this.#wildcardHosts.find((wildcard) => wildcard.suffix === suffix)
      if (known) return known.root
      const root = newNode()
      this.#wildcardHosts.push({ suffix, root })
      return root
    }
    let root = this.#exactHosts.get(host)
    if (!root) this.#exactHosts.set(host, (root = newNode()))
    return root
  }
}

/** One walk over the trees for one request; remembers which methods the matching paths would have taken. */
class Search {
  allow: Set<string> | undefined
  readonly #method: string
  readonly #path: string
  readonly #values: string[] = []

  constructor(method: string, path: string) {
    this.#method = method
    this.#path = path
  }

  in(root: Node): RouteMatch | undefined {
    this.#values.length = 0
    return this.#walk(root, 0)
  }

  /** @param end - Where the part of the path that led to this node ends: at a `/` or at the path's end. */
  #walk(node: Node, end: number): RouteMatch | undefined {
    const path = this.#path
    if (path.charCodeAt(end) === SLASH && (node.literals.size > 0 || node.parameter)) {
      const slash = path.indexOf('/', end + 1)
      const next = slash === -1 ? path.length : slash
      const segment = path.slice(end + 1, next)
      const literal = node.literals.get(decodeSegment(segment))
      const match = literal && this.#walk(literal, next)
      if (match) return match
      if (node.parameter && segment !== '') {
        this.#values.push(segment)
        const parameterMatch = this.#walk(node.parameter, next)
        if (parameterMatch) return parameterMatch
        this.#values.pop()
      }
    }
    return this.#entryAt(node, end)
  }

  #entryAt(node: Node, end: number): RouteMatch | undefined {
    for (const { route, shape } of node.entries) {
      if (!route.methods || route.methods.includes(this.#method)) {
        const values = shape.params.length === 0 ? NONE : this.#values.slice(0, shape.params.length)
        return { kind: 'match', route, values, params: shape.params, prefixLength: end }
      }
      this.allow ??= new Set()
      for (const method of route.methods) this.allow.add(method)
    }
    return undefined
  }
}

const SLASH = 47

function newNode(): Node {
  return { literals: new Map(), parameter: undefined, entries: [] }
}

function insert(root: Node, entry: Entry): void {
  let node = root
  for (const segment of entry.shape.segments) {
    let next = segment === undefined ? node.parameter : node.literals.get(segment)
    if (!next) {
      next = newNode()
      if (segment === undefined) node.parameter = next
      else node.literals.set(segment, next)
    }
    node = next
  }
  if (entry.route.methods) node.entries.unshift(entry)
  else node.entries.push(entry)
}
