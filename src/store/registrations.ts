import { backendKey } from '../upstreams/backend.ts'
import type { AdministrativeState } from '../upstreams/standing.ts'

/** How a backend that was registered at run time is to be treated: what the file says of its own ones. */
export interface Registration {
  readonly weight: number
  readonly tier: number
  /** Most attempts in flight; 0 = no cap. */
  readonly maxInFlight: number
  /** How long it stays without being renewed, in milliseconds, at least 1000; absent = until it is removed. */
  readonly ttl?: number
  /** What it is before its first verdict; absent = unhealthy where its group has a health check. */
  readonly initially?: 'healthy' | 'unhealthy'
}

/** A backend is on its way out: it drains, and whoever sees to that then removes its entry. */
export interface Removal {
  /** Id of the gateway that sees to it. */
  readonly by: string
  /** Milliseconds since the epoch. */
  readonly since: number
  /** What asked for it. */
  readonly reason: 'removed' | 'lease_expired'
}

/** What was decided at run time about one backend of one group. */
export interface Entry {
  readonly group: string
  /** Normalised origin, as of `BackendConfig`. */
  readonly url: string
  /** Present when the backend itself was registered at run time; else it is of the file or discovered. */
  readonly registration?: Registration
  readonly state: AdministrativeState
  readonly removal?: Removal
  /** Version of the store that wrote it last, at least 1. */
  readonly version: number
}

/** All entries as of one version of the store. Immutable. */
export interface StoreSnapshot {
  /** Grows by one with every write; 0 = nothing was ever written. */
  readonly version: number
  /** By {@link backendKey}. */
  readonly entries: ReadonlyMap<string, Entry>
}

/** A store in which nothing was ever written. */
export const EMPTY_SNAPSHOT: StoreSnapshot = { version: 0, entries: new Map() }

/** One write. */
export type StoreChange =
  | {
      readonly kind: 'put'
      readonly entry: Omit<Entry, 'version'>
      /** Version that the entry must have, 0 = there must be none; absent = whatever is there is replaced. */
      readonly expected?: number
    }
  | { readonly kind: 'remove'; readonly group: string; readonly url: string; readonly expected?: number }

/** An entry is not as the change expects it. */
export class VersionConflict extends Error {
  /** The version that it has; 0 = there is none. */
  readonly found: number

  constructor(found: number) {
    super(`expected another version of the entry, found ${found}`)
    this.name = 'VersionConflict'
    this.found = found
  }
}

/** Nothing can be written now. */
export class StoreUnavailable extends Error {
  /** Why, as data: `connect_refused`, `timeout`, `enospc`, … */
  readonly reason: string

  constructor(reason: string) {
    super(`the store can not be written to: ${reason}`)
    this.name = 'StoreUnavailable'
    this.reason = reason
  }
}

/** What a store tells. */
export interface StoreEvents {
  /** There is another snapshot: by a write of this gateway, of another one, or by a lease that ended. */
  change: [snapshot: StoreSnapshot]
  /** Leases ended: these entries have a {@link Removal} now. Told after `change`, by the gateway that ended them. */
  expired: [entries: readonly Entry[]]
  /** Whether it can be written to has changed. @see RegistrationStore.trouble */
  trouble: [reason: string | undefined]
}

/**
 * Where what was decided at run time outlives the process. Emits {@link StoreEvents}. Reading never fails: the last
 * snapshot that is known stays.
 */
export interface RegistrationStore {
  readonly snapshot: StoreSnapshot
  /** Why it can't be written to; undefined while it can. */
  readonly trouble: string | undefined
  /**
   * Writes, durably, whole or not at all; `change` was emitted when it resolves. Writes of one gateway are in order. An
   * entry with a `ttl` has a whole one from then on.
   *
   * @throws {VersionConflict}
   * @throws {StoreUnavailable} Nothing was written. (Of a store far away that breaks off meanwhile it may have been: the
   *   same write again does no harm.)
   */
  write(change: StoreChange): Promise<StoreSnapshot>
  /**
   * Gives an entry another whole `ttl`.
   *
   * @returns false when there is none, it has no `ttl`, or it is on its way out.
   * @throws {StoreUnavailable}
   */
  renew(group: string, url: string): Promise<boolean>
  /**
   * Of a store that others may empty: believes what it says now, whatever that is. For an operator who knows.
   *
   * @throws {StoreUnavailable}
   */
  confirm?(): Promise<StoreSnapshot>
  /**
   * Of the same: brings what is known here back into it, beside what it has.
   *
   * @throws {StoreUnavailable}
   */
  restore?(): Promise<StoreSnapshot>
  /** No write is under way and no timer runs any more when it resolves. */
  close(): Promise<void>
  on<Name extends keyof StoreEvents>(name: Name, listener: (...args: StoreEvents[Name]) => void): this
  off<Name extends keyof StoreEvents>(name: Name, listener: (...args: StoreEvents[Name]) => void): this
}

/** Key of what a change is about. */
export function keyOfChange(change: StoreChange): string {
  const { group, url } = change.kind === 'put' ? change.entry : change
  return backendKey(group, url)
}

/**
 * The snapshot after a change.
 *
 * @throws {VersionConflict} When the entry is not as expected.
 */
export function applyChange(snapshot: StoreSnapshot, change: StoreChange): StoreSnapshot {
  const key = keyOfChange(change)
  const found = snapshot.entries.get(key)?.version ?? 0
  if (change.expected !== undefined && change.expected !== found) throw new VersionConflict(found)
  const version = snapshot.version + 1
  const entries = new Map(snapshot.entries)
  if (change.kind === 'put') entries.set(key, { ...change.entry, version })
  else entries.delete(key)
  return { version, entries }
}

/** An entry whose lease ended at `now`, milliseconds since the epoch. @param by - Id of the gateway that ends it. */
export function expire(entry: Entry, by: string, now: number): Omit<Entry, 'version'> {
  const { version: _, ...rest } = entry
  return { ...rest, state: 'draining', removal: { by, since: now, reason: 'lease_expired' } }
}
