import { checkDuration, MIN_INTERVAL } from './check-durations.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'
import { parseDuration } from './units.ts'

type RawGroup = Sound<NonNullable<RawConfig['upstreams']>[string]>

/** Sessions are kept no shorter, in milliseconds: a cookie's lifetime is in whole seconds (RFC 6265 section 5.2.2). */
const MIN_TTL = 1000
/** And no longer than a week. */
const MAX_TTL = 168 * 3_600_000

/** Checks how a group balances: key and weights, and the times of all that takes backends out or makes requests wait. */
export function checkBalancing(document: SourceDocument, path: Path, group: RawGroup): Finding[] {
  const { outlierDetection, circuitBreaker, slowStart, affinity, queue, connections } = group
  const check = (block: string, key: string, text: string | undefined, least?: number, most?: number) =>
    checkDuration(document, [...path, block, key], text, least, most)
  return [
    ...checkKey(document, [...path, 'balancing'], group.balancing),
    ...checkWeights(
      [...path, 'backends'],
      (group.backends ?? []).map((backend) => (typeof backend === 'string' ? {} : backend)),
      'a backend'
    ),
    ...check('outlierDetection', 'interval', outlierDetection?.interval, MIN_INTERVAL),
    ...check('outlierDetection', 'ejectFor', outlierDetection?.ejectFor, 1),
    ...check('outlierDetection', 'maxEjectFor', outlierDetection?.maxEjectFor),
    ...checkEjections(document, [...path, 'outlierDetection'], outlierDetection),
    ...check('circuitBreaker', 'window', circuitBreaker?.window, MIN_INTERVAL),
    ...check('circuitBreaker', 'openFor', circuitBreaker?.openFor, 1),
    ...checkDuration(document, [...path, 'slowStart'], slowStart),
    ...check('affinity', 'ttl', affinity?.ttl, MIN_TTL, MAX_TTL),
    ...check('queue', 'timeout', queue?.timeout, 1),
    ...check('connections', 'keepAlive', connections?.keepAlive)
  ]
}

/**
 * Checks that somebody gets new requests, of the backends of a group or of the groups of a split.
 *
 * @param holders - Undefined where something is wrong already.
 * @param one - What one of them is, as in "a backend".
 */
export function checkWeights(
  path: Path,
  holders: readonly ({ readonly weight?: number | undefined } | undefined)[],
  one: string
): Finding[] {
  const isIdle = holders.length > 0 && holders.every((holder) => holder?.weight === 0)
  return isIdle ? [{ path, message: `expected ${one} with a weight above 0, got only weights of 0` }] : []
}

function checkKey(document: SourceDocument, path: Path, balancing: RawGroup['balancing']): Finding[] {
  if (typeof balancing !== 'object' || balancing.key === undefined) return []
  const { algorithm, key } = balancing
  if (algorithm === undefined || algorithm === 'hash') return []
  const place = [...path, 'key']
  const got = `got ${quote(document, place, key)} beside ${quote(document, [...path, 'algorithm'], algorithm)}`
  return [{ path: place, message: `expected a key beside hash only, ${got}` }]
}

function checkEjections(
  document: SourceDocument,
  path: Path,
  detection: RawGroup['outlierDetection']
): Finding[] {
  const { ejectFor, maxEjectFor } = detection ?? {}
  if (ejectFor === undefined || maxEjectFor === undefined) return []
  if (parseDuration(maxEjectFor)! >= parseDuration(ejectFor)!) return []
  const places = { ejectFor: [...path, 'ejectFor'], maxEjectFor: [...path, 'maxEjectFor'] }
  const [first, most] = [
    quote(document, places.ejectFor, ejectFor),
    quote(document, places.maxEjectFor, maxEjectFor)
  ]
  // Told where it is written: the other may be the default.
  return document.has(places.maxEjectFor)
    ? [{ path: places.maxEjectFor, message: `expected at least ejectFor, which is ${first}, got ${most}` }]
    : [{ path: places.ejectFor, message: `expected at most maxEjectFor, which is ${most}, got ${first}` }]
}
