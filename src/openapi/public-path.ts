import type { RouteConfig } from '../config/types.ts'
import { decodeSegment } from '../routing/path-shape.ts'

/** Where clients find what a backend has at a path. */
export interface PublicPath {
  /** With `{name}` where a parameter stands. */
  readonly path: string
  /** Parameters of the route that the backend never sees. */
  readonly added: readonly string[]
  /** Parameters of the backend's path that the route fills in, or that are the same as another. */
  readonly dropped: ReadonlySet<string>
}

const PARAMETER = /^\{([^{}]+)\}$/
const MAX_IN_SEGMENT = 3
const ANY_PARAMETER = /\{([^{}]+)\}/g

/**
 * Undoes a route's rewriting: where a client finds what the backend has at this path.
 *
 * @param template - Path of the backend, with `{name}` where a parameter stands.
 * @returns undefined when no request that the route takes comes to this path.
 */
export function publicPath(
  route: Pick<RouteConfig, 'path' | 'rewrite'>,
  template: string
): PublicPath | undefined {
  const written = route.rewrite ?? route.path
  const segments = segmentsOf(template)
  // With nothing behind the route's path, its rewrite stands as it is written; the path `/` always has something.
  const isWhole = route.path !== '/' && segments.length === segmentsOf(written).length
  const whole = isWhole ? fill(route, template, segmentsOf(written), []) : undefined
  if (whole) return whole
  const prefix = segmentsOf(written.endsWith('/') ? written.slice(0, -1) : written)
  return segments.length > prefix.length
    ? fill(route, template, prefix, segments.slice(prefix.length))
    : undefined
}

/** @param prefix - What the backend's path must begin with. @param rest - What stands behind that. */
function fill(
  route: Pick<RouteConfig, 'path'>,
  template: string,
  prefix: readonly string[],
  rest: readonly string[]
): PublicPath | undefined {
  const dropped = new Set<string>()
  const bound = match(prefix, segmentsOf(template), dropped)
  if (!bound) return undefined
  const added: string[] = []
  const front = segmentsOf(route.path === '/' ? '' : route.path).map((segment) => {
    if (!segment.startsWith(':')) return segment
    const value = bound.get(segment.slice(1))
    if (value !== undefined) return value
    const name = unusedName(segment.slice(1), template)
    added.push(name)
    return `{${name}}`
  })
  return { path: `/${[...front, ...rest].join('/')}`, added, dropped }
}

/** Names of the parameters of a path, in order. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(ANY_PARAMETER)].map(([, name]) => name!)
}

/** A path with its parameters replaced, by their place. */
export function fillIn(path: string, fill: (name: string, place: number) => string): string {
  let place = 0
  return path.replaceAll(ANY_PARAMETER, (_, name: string) => fill(name, place++))
}

function segmentsOf(path: string): string[] {
  return path === '' ? [] : path.slice(1).split('/')
}

/** @returns What the route's parameters stand for; undefined when the backend's path does not begin so. */
function match(
  prefix: readonly string[],
  segments: readonly string[],
  dropped: Set<string>
): ReadonlyMap<string, string> | undefined {
  const bound = new Map<string, string>()
  for (const [index, wanted] of prefix.entries()) {
    const segment = segments[index]!
    const name = wanted.startsWith(':') ? wanted.slice(1) : undefined
    const value = name === undefined ? wanted : bound.get(name)
    if (value === undefined) {
      if (segment === '') return undefined
      bound.set(name!, segment)
    } else if (!unify(value, segment, dropped)) return undefined
  }
  return bound
}

/** Whether a segment of the backend's path can be this; its parameters then are no longer any. */
function unify(value: string, segment: string, dropped: Set<string>): boolean {
  if (value === segment) return true
  const [, name] = PARAMETER.exec(segment) ?? []
  if (name !== undefined) {
    dropped.add(name)
    return true
  }
  const names = parametersOf(segment)
  // More of them in one segment are no path that anybody has, but could take for ever to match.
  if (value.includes('{') || names.length > MAX_IN_SEGMENT) return false
  if (names.length === 0) return decodeSegment(value) === decodeSegment(segment)
  const literals = segment
    .split(ANY_PARAMETER)
    .map((part, index) => (index % 2 === 1 ? '.+' : part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')))
  if (!new RegExp(`^${literals.join('')}$`).test(value)) return false
  for (const each of names) dropped.add(each)
  return true
}

function unusedName(wanted: string, template: string): string {
  const taken = parametersOf(template)
  let name = wanted
  for (let number = 2; taken.includes(name); number++) name = `${wanted}_${number}`
  return name
}
