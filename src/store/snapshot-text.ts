import { hash } from 'node:crypto'
import { backendKey } from '../upstreams/backend.ts'
import { ADMINISTRATIVE_STATES } from '../upstreams/standing.ts'
import type { Entry, Registration, Removal, StoreSnapshot } from './registrations.ts'

/** Number of the format that {@link encodeSnapshot} writes. Whatever is added to an entry needs another one. */
export const SNAPSHOT_FORMAT = 1

/** Why a text is no snapshot. */
export type SnapshotFault = 'not_json' | 'wrong_shape' | 'wrong_checksum' | 'newer_format'

/** A text that is no snapshot. */
export class BadSnapshot extends Error {
  readonly reason: SnapshotFault

  constructor(reason: SnapshotFault) {
    super(`expected a snapshot of format ${SNAPSHOT_FORMAT}: ${reason}`)
    this.name = 'BadSnapshot'
    this.reason = reason
  }
}

/** A snapshot as a JSON document with a checksum, one line an entry. Equal snapshots have equal texts. */
export function encodeSnapshot({ version, entries }: StoreSnapshot): string {
  const lines = canonicalLines(entries)
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`
  const checksum = checksumOf(version, lines)
  return `{ "format": ${SNAPSHOT_FORMAT}, "version": ${version}, "checksum": "${checksum}", "entries": ${list} }\n`
}

/**
 * The snapshot that {@link encodeSnapshot} made a text of. White space and the order of what stands in it don't matter.
 *
 * @throws {BadSnapshot} When as much as one bit of it is another one.
 */
export function decodeSnapshot(text: string): StoreSnapshot {
  const document = parse(text)
  if (!isRecord(document) || !isCount(document['format'], 1)) throw new BadSnapshot('wrong_shape')
  if (document['format'] > SNAPSHOT_FORMAT) throw new BadSnapshot('newer_format')
  const { version, checksum, entries: list, ...rest } = document
  if (!isCount(version, 0) || !Array.isArray(list) || Object.keys(rest).length > 1) {
    throw new BadSnapshot('wrong_shape')
  }
  const entries = new Map<string, Entry>()
  for (const entry of list as unknown[]) {
    if (!isEntry(entry) || entry.version > version) throw new BadSnapshot('wrong_shape')
    entries.set(backendKey(entry.group, entry.url), entry)
  }
  if (entries.size < list.length) throw new BadSnapshot('wrong_shape')
  if (checksum !== checksumOf(version, canonicalLines(entries))) throw new BadSnapshot('wrong_checksum')
  return { version, entries }
}

/** Whether it is an entry that could be read again once it was written. */
export function isEntry(value: unknown): value is Entry {
  if (!isRecord(value)) return false
  const { group, url, registration, state, removal, version, ...rest } = value
  return (
    Object.keys(rest).length === 0 &&
    typeof group === 'string' &&
    group !== '' &&
    typeof url === 'string' &&
    /^https?:/.test(url) &&
    URL.canParse(url) &&
    (registration === undefined || isRegistration(registration)) &&
    isOneOf(state, ADMINISTRATIVE_STATES) &&
    (removal === undefined || isRemoval(removal)) &&
    isCount(version, 1)
  )
}

function isRegistration(value: unknown): value is Registration {
  if (!isRecord(value)) return false
  const { weight, tier, maxInFlight, ttl, initially, ...rest } = value
  return (
    Object.keys(rest).length === 0 &&
    isAmount(weight) &&
    isCount(tier, 0) &&
    isCount(maxInFlight, 0) &&
    (ttl === undefined || (isAmount(ttl) && ttl > 0)) &&
    (initially === undefined || isOneOf(initially, ['healthy', 'unhealthy']))
  )
}

function isRemoval(value: unknown): value is Removal {
  if (!isRecord(value)) return false
  const { by, since, reason, ...rest } = value
  return (
    Object.keys(rest).length === 0 &&
    typeof by === 'string' &&
    isAmount(since) &&
    isOneOf(reason, ['removed', 'lease_expired'])
  )
}

/** Each entry as JSON with its properties in one order, sorted by group and origin. */
function canonicalLines(entries: StoreSnapshot['entries']): string[] {
  return [...entries.keys()].sort().map((key) => JSON.stringify(canonical(entries.get(key)!)))
}

function canonical({ group, url, registration, state, removal, version }: Entry): object {
  return {
    group,
    url,
    registration: registration && {
      weight: registration.weight,
      tier: registration.tier,
      maxInFlight: registration.maxInFlight,
      ttl: registration.ttl,
      initially: registration.initially
    },
    state,
    removal: removal && { by: removal.by, since: removal.since, reason: removal.reason },
    version
  }
}

function checksumOf(version: number, lines: readonly string[]): string {
  return hash('sha256', `${SNAPSHOT_FORMAT}\n${version}\n${lines.join('\n')}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadSnapshot('not_json')
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0
}

function isOneOf(value: unknown, words: readonly string[]): boolean {
  return typeof value === 'string' && words.includes(value)
}
