import { isAddressBlock } from '../address-blocks.ts'
import { checkDuration } from './check-durations.ts'
import type { RouteDefinition } from './define-routes.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import { parseLimitKey } from './request-key-text.ts'
import { limitList, limitNames } from './resolve-limits.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'
import { parseDuration, parseSize } from './units.ts'

type RawRateLimits = Sound<NonNullable<RouteDefinition['rateLimit']>>
type RawRateLimit = Exclude<RawRateLimits, readonly unknown[]>
type RawServerLimits = NonNullable<Sound<RawConfig>['server']>['limits']
type RawConcurrency = NonNullable<NonNullable<Sound<RawConfig>['upstreams']>[string]>['concurrency']

/** The shortest time that a client is given, in milliseconds: clocks of the listener look every second. */
const SHORTEST = 100
/** The largest header that is worth the memory, in bytes. */
const MAX_HEADER_SIZE = 1024 ** 2
const MIN_HEADER_SIZE = 1024
/** The largest body that a limit is worth, in bytes. */
const MAX_BODY = 1024 ** 4
/** Range of the event loop's delay, in milliseconds: it is sampled every 10. */
const LOOP_DELAY = { least: 10, most: 60_000 }

/**
 * Checks `rateLimit`, of the gateway or of a route.
 *
 * @param scope - Name of the route, or `gateway`; undefined when the route's own is wrong.
 * @param gateway - Of a route: what stands beside its limits in the RateLimit fields.
 */
export function checkRateLimits(
  document: SourceDocument,
  path: Path,
  written: RawRateLimits | undefined,
  scope: string | undefined,
  gateway?: GatewayLimits
): Finding[] {
  if (written === undefined) return []
  const limits = placed(path, written)
  return [
    ...limits.flatMap(({ path: place, limit }) => checkRateLimit(document, place, limit)),
    ...(scope === undefined ? [] : checkNames(document, limits, scope, gateway))
  ]
}

function checkRateLimit(document: SourceDocument, path: Path, limit: RawRateLimit | undefined): Finding[] {
  const { per, allow = [], cost = 1, burst, limit: most } = limit ?? {}
  const blocks = allow.flatMap((block, index) => {
    if (block === undefined || isAddressBlock(block)) return []
    const place = [...path, 'allow', index]
    const got = quote(document, place, block)
    return [{ path: place, message: `expected an address or a CIDR block such as 10.0.0.0/8, got ${got}` }]
  })
  return [
    ...checkDuration(document, [...path, 'per'], per, 1),
    ...blocks,
    ...checkKeys(document, [...path, 'key'], limit?.key),
    ...checkCost(document, path, cost, burst === undefined ? ['limit', most] : ['burst', burst])
  ]
}

/** Names of header fields have no case: the schema sees no two of a kind in `header:X-User` and `header:x-user`. */
function checkKeys(document: SourceDocument, path: Path, keys: NonNullable<RawRateLimit>['key']): Finding[] {
  if (typeof keys !== 'object') return []
  const known = keys.map((key) => key && JSON.stringify(parseLimitKey(key)))
  return known.flatMap((key, index) => {
    if (key === undefined || known.indexOf(key) === index) return []
    const place = [...path, index]
    return [
      { path: place, message: `expected every key once, got ${quote(document, place, keys[index])} again` }
    ]
  })
}

/** A request that costs more than the burst would never come through. */
function checkCost(
  document: SourceDocument,
  path: Path,
  cost: number,
  [key, burst]: readonly ['limit' | 'burst', number | undefined]
): Finding[] {
  if (burst === undefined || cost <= burst) return []
  // It is written: a cost of 1 is never too much.
  const place = [...path, 'cost']
  const [most, got] = [quote(document, [...path, key], burst), quote(document, place, cost)]
  return [{ path: place, message: `expected at most the ${key}, which is ${most}, got ${got}` }]
}

function checkNames(
  document: SourceDocument,
  limits: readonly Placed[],
  scope: string,
  gateway: GatewayLimits | undefined
): Finding[] {
  const names = namesOf(scope, limits)
  const taken = gateway?.rateLimit ? namesOf('gateway', placed(['rateLimit'], gateway.rateLimit)) : []
  return names.flatMap((name, index) => {
    const first = names.indexOf(name)
    const { path: place, limit } = limits[index]!
    if (taken.includes(name)) {
      const path = limit?.name === undefined ? place : [...place, 'name']
      const got = limit?.name === undefined ? "its route's" : quote(document, path, name)
      return [{ path, message: `expected a name that no limit of the gateway has, got ${got}` }]
    }
    if (first === index) return []
    const own = limit?.name
    // Of two, one is written, since those that are made differ: it says what may be printed.
    const got = quote(document, [...(own === undefined ? limits[first]!.path : place), 'name'], name)
    const path = own === undefined ? place : [...place, 'name']
    return [{ path, message: `expected a unique name among the limits, got ${got} again` }]
  })
}

function namesOf(scope: string, limits: readonly Placed[]): string[] {
  return limitNames(
    scope,
    limits.map(({ limit }) => limit)
  )
}

/** The limits of the gateway, and where they are written. */
export interface GatewayLimits {
  readonly document: SourceDocument
  readonly rateLimit: RawRateLimits | undefined
}

/** Checks that no request of a route costs more than a limit of the gateway ever lets through. */
export function checkRouteCost(
  document: SourceDocument,
  path: Path,
  cost: number | undefined,
  gateway: GatewayLimits
): Finding[] {
  if (cost === undefined || gateway.rateLimit === undefined) return []
  const bounds = placed(['rateLimit'], gateway.rateLimit).flatMap(({ path: place, limit }) => {
    const burst = limit?.burst ?? limit?.limit
    if (burst === undefined) return []
    const isSecret = ['limit', 'burst', 'cost'].some((key) => gateway.document.writtenAt([...place, key]))
    return [{ most: Math.floor(burst / (limit?.cost ?? 1)), isSecret }]
  })
  // Where a limit lets nothing through, it is told there.
  const [least] = bounds.filter(({ most }) => most > 0).toSorted((a, b) => a.most - b.most)
  if (!least || cost <= least.most) return []
  const place = [...path, 'cost']
  const most = least.isSecret ? '' : `${least.most}, `
  const got = quote(document, place, cost)
  return [
    {
      path: place,
      message: `expected at most ${most}what the gateway's rateLimit lets through at once, got ${got}`
    }
  ]
}

/** Checks `server.limits`. */
export function checkServerLimits(document: SourceDocument, limits: RawServerLimits): Finding[] {
  const at = (key: string): Path => ['server', 'limits', key]
  const { headersTimeout, requestTimeout, keepAliveTimeout, sendTimeout, maxEventLoopDelay } = limits ?? {}
  return [
    ...checkDuration(document, at('headersTimeout'), headersTimeout, SHORTEST),
    ...checkDuration(document, at('keepAliveTimeout'), keepAliveTimeout, SHORTEST),
    ...checkOptional(document, at('requestTimeout'), requestTimeout, SHORTEST),
    ...checkOptional(document, at('sendTimeout'), sendTimeout, SHORTEST),
    ...checkOptional(document, at('maxEventLoopDelay'), maxEventLoopDelay, LOOP_DELAY.least, LOOP_DELAY.most),
    ...checkHeaderSize(document, at('maxHeaderSize'), limits?.maxHeaderSize),
    ...checkBodyLimit(document, at('bodyLimit'), limits?.bodyLimit),
    ...checkOrder(document, at, headersTimeout, requestTimeout)
  ]
}

/** A duration of which 0s means none. */
function checkOptional(
  document: SourceDocument,
  path: Path,
  text: string | undefined,
  least: number,
  most?: number
): Finding[] {
  return text !== undefined && parseDuration(text) === 0
    ? []
    : checkDuration(document, path, text, least, most)
}

function checkHeaderSize(document: SourceDocument, path: Path, text: string | undefined): Finding[] {
  const size = text === undefined ? undefined : parseSize(text)
  if (size === undefined || (size >= MIN_HEADER_SIZE && size <= MAX_HEADER_SIZE)) return []
  return [{ path, message: `expected 1KiB to 1MiB, got ${quote(document, path, text)}` }]
}

/** Checks `bodyLimit`, of the server or of a route. */
export function checkBodyLimit(
  document: SourceDocument,
  path: Path,
  limit: string | number | undefined
): Finding[] {
  const size = typeof limit === 'string' ? parseSize(limit) : limit
  if (size === undefined || size <= MAX_BODY) return []
  return [{ path, message: `expected at most 1024GiB, got ${quote(document, path, limit)}` }]
}

/** A head is part of its request; a default gives way. */
function checkOrder(
  document: SourceDocument,
  at: (key: string) => Path,
  headers: string | undefined,
  request: string | undefined
): Finding[] {
  const path = at('headersTimeout')
  if (!document.has(path)) return []
  const [head, whole] = [headers, request].map((text) =>
    text === undefined ? undefined : parseDuration(text)
  )
  if (head === undefined || whole === undefined || whole === 0 || head <= whole) return []
  const most = quote(document, at('requestTimeout'), request)
  return [
    {
      path,
      message: `expected at most requestTimeout, which is ${most}, got ${quote(document, path, headers)}`
    }
  ]
}

/** Checks `concurrency` of a group. */
export function checkConcurrency(
  document: SourceDocument,
  path: Path,
  concurrency: RawConcurrency
): Finding[] {
  const { mode, min, max } = concurrency ?? {}
  const place = [...path, 'min']
  // A default gives way.
  if (min === undefined || !document.has(place)) return []
  const got = `got ${quote(document, place, min)}`
  if (mode === 'static') return [{ path: place, message: `expected min beside adaptive only, ${got}` }]
  if (max === undefined || min <= max) return []
  const most = quote(document, [...path, 'max'], max)
  return [{ path: place, message: `expected at most max, which is ${most}, ${got}` }]
}

interface Placed {
  readonly path: Path
  /** Undefined when it is wrong in itself. */
  readonly limit: RawRateLimit | undefined
}

/** One limit, or several, with the places where they stand. */
function placed(path: Path, written: RawRateLimits): Placed[] {
  return limitList(written as RawRateLimit).map((limit, index) => ({
    path: Array.isArray(written) ? [...path, index] : path,
    limit
  }))
}
