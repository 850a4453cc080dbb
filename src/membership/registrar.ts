import { isDeepStrictEqual } from 'node:util'
import { parseOrigin } from '../config/origin.ts'
import { ProblemError } from '../problem.ts'
import {
  type Entry,
  type Registration,
  type RegistrationStore,
  type StoreChange,
  StoreUnavailable,
  VersionConflict
} from '../store/registrations.ts'
import { type Backend, backendId, backendKey } from '../upstreams/backend.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'
import type { AdministrativeState } from '../upstreams/standing.ts'

/** A backend to register; what is left out is the default, or stays as it is. */
export interface RegistrationRequest {
  readonly url: string
  readonly weight?: number
  readonly tier?: number
  readonly maxInFlight?: number
  /** Milliseconds. */
  readonly ttl?: number
  readonly initially?: 'healthy' | 'unhealthy'
}

/** What may be changed of a backend. */
export interface BackendChange {
  readonly state?: AdministrativeState
  readonly weight?: number
  readonly tier?: number
  readonly maxInFlight?: number
}

/** What a change did. */
export interface Changed {
  readonly group: string
  /** Of the backend. */
  readonly id: string
  readonly url: string
  readonly before: Entry | undefined
  readonly after: Entry | undefined
}

/** What {@link Registrar} needs. */
export interface RegistrarOptions {
  readonly registry: UpstreamRegistry
  readonly store: RegistrationStore
  /** Id of this gateway. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Puts what the store says in force on all threads. */
  readonly enforce: () => Promise<void>
}

const DEFAULTS: Registration = { weight: 1, tier: 0, maxInFlight: 0 }

/** What is registered and changed at run time: written to the store first, then in force, then answered. */
export class Registrar {
  readonly #options: RegistrarOptions

  constructor(options: RegistrarOptions) {
    this.#options = options
  }

  /**
   * Registers a backend. One that is there already stays, with what the request says in addition; one that was on its way
   * out is back.
   *
   * @param expected - Version that its entry must have.
   * @throws {ProblemError} 400, 404, 412, 503
   */
  async register(group: string, request: RegistrationRequest, expected?: number): Promise<Changed> {
    this.#checkGroup(group)
    const url = readUrl(request.url)
    const before = this.#entry(group, url)
    const found = this.#backend(group, url)
    if (found?.source === 'file' && !before?.removal) {
      // It may have been registered before the file named it.
      if (before) await this.#renew(before)
      return changed(group, url, before, before)
    }
    const { url: _, ...given } = request
    const registration = { ...DEFAULTS, ...before?.registration, ...given }
    const state = before?.removal ? 'active' : (before?.state ?? 'active')
    const entry = { group, url, registration, state }
    if (before && isSame(before, entry)) {
      await this.#renew(before)
      return changed(group, url, before, before)
    }
    return await this.#write({ kind: 'put', entry, ...expect(expected) }, before)
  }

  /**
   * Changes a backend: of one that was not registered at run time its state only.
   *
   * @throws {ProblemError} 404, 409, 412, 503
   */
  async change(group: string, id: string, change: BackendChange, expected?: number): Promise<Changed> {
    const { url } = this.#known(group, id)
    const before = this.#entry(group, url)
    const { state = before?.state ?? 'active', ...facts } = change
    const fixed = Object.keys(facts)
    if (fixed.length > 0 && !this.#isRegistered(group, id))
      throw setElsewhere(id, fixed, this.#known(group, id))
    const registration = before?.registration && { ...before.registration, ...facts }
    // Whoever gives it another state than the one that it leaves with wants it to stay.
    const removal = before?.removal && state === 'draining' ? before.removal : undefined
    const entry = { group, url, state, ...(registration && { registration }), ...(removal && { removal }) }
    if (before && isSame(before, entry)) {
      checkVersion(before, expected)
      return changed(group, url, before, before)
    }
    if (!before && state === 'active') {
      checkVersion(undefined, expected)
      return changed(group, url, undefined, undefined)
    }
    // An entry that says nothing is none.
    const isNeeded = entry.registration !== undefined || entry.state !== 'active'
    const write = isNeeded ? ({ kind: 'put', entry } as const) : ({ kind: 'remove', group, url } as const)
    return await this.#write({ ...write, ...expect(expected) }, before)
  }

  /**
   * Takes a registered backend out: it drains, then it is removed.
   *
   * @param isNow - Whether it is removed at once; what is in flight at it ends in its own time all the same.
   * @throws {ProblemError} 404, 409, 412, 503
   */
  async remove(group: string, id: string, isNow: boolean, expected?: number): Promise<Changed> {
    const { url } = this.#known(group, id)
    const before = this.#entry(group, url)
    if (!before?.registration) {
      const detail = `Backend "${id}" was not registered at run time: it can be removed where it is named only.`
      throw new ProblemError(409, 'set_by_file', detail)
    }
    // What the file names as well stays, as the file says it: nothing drains.
    if (isNow || !this.#isRegistered(group, id))
      return await this.#write({ kind: 'remove', group, url, ...expect(expected) }, before)
    if (before.removal) {
      checkVersion(before, expected)
      return changed(group, url, before, before)
    }
    const removal = { by: this.#options.id, since: this.#options.now(), reason: 'removed' } as const
    const { version: _, ...rest } = before
    const entry = { ...rest, state: 'draining', removal } as const
    return await this.#write({ kind: 'put', entry, ...expect(expected) }, before)
  }

  /**
   * Gives a registration another whole ttl.
   *
   * @returns The ttl, in milliseconds.
   * @throws {ProblemError} 404 when it is gone or leaves, so that its backend registers anew; 409 when it has no ttl; 503
   */
  async renew(group: string, id: string): Promise<number> {
    const { url } = this.#known(group, id)
    const entry = this.#entry(group, url)
    if (!entry?.registration || entry.removal) {
      throw new ProblemError(404, 'unknown_registration', `Backend "${id}" is not registered (any more).`)
    }
    const { ttl } = entry.registration
    if (ttl === undefined) {
      throw new ProblemError(
        409,
        'no_lease',
        `Backend "${id}" was registered without a ttl: it needs no renewal.`
      )
    }
    await this.#renew(entry)
    return ttl
  }

  /**
   * Settles a doubt about a store that gateways share, whose entries are fewer than they were: `confirm` believes what it
   * says now, `restore` brings back what is known here.
   *
   * @returns Version of the store.
   * @throws {ProblemError} 409 when nothing is in doubt; 503
   */
  async settle(order: 'confirm' | 'restore'): Promise<number> {
    const { store, enforce } = this.#options
    if (store.trouble !== 'unconfirmed_snapshot' || !store.confirm || !store.restore) {
      throw new ProblemError(409, 'nothing_in_doubt', 'What the store says is not in doubt.')
    }
    try {
      await (order === 'confirm' ? store.confirm() : store.restore())
    } catch (error) {
      throw storeProblem(error)
    }
    await enforce()
    return store.snapshot.version
  }

  async #renew({ group, url, registration }: Entry): Promise<void> {
    if (registration?.ttl === undefined) return
    try {
      if (await this.#options.store.renew(group, url)) return
    } catch (error) {
      throw storeProblem(error)
    }
    throw new ProblemError(
      404,
      'unknown_registration',
      `Backend "${backendId(url)}" is not registered (any more).`
    )
  }

  async #write(change: StoreChange, before: Entry | undefined): Promise<Changed> {
    const { store, enforce } = this.#options
    const { group, url } = change.kind === 'put' ? change.entry : change
    try {
      await store.write(change)
    } catch (error) {
      throw storeProblem(error)
    }
    await enforce()
    return changed(group, url, before, this.#entry(group, url))
  }

  #entry(group: string, url: string): Entry | undefined {
    return this.#options.store.snapshot.entries.get(backendKey(group, url))
  }

  #backend(group: string, url: string): Backend | undefined {
    return this.#options.registry.find(group, backendId(url))
  }

  #isRegistered(group: string, id: string): boolean {
    return this.#known(group, id).source === 'registration'
  }

  #known(group: string, id: string): Backend {
    this.#checkGroup(group)
    const found = this.#options.registry.find(group, id)
    if (!found) throw new ProblemError(404, 'unknown_backend', `Group "${group}" has no backend "${id}".`)
    return found
  }

  #checkGroup(group: string): void {
    if (this.#options.registry.groups.has(group)) return
    throw new ProblemError(404, 'unknown_group', `There is no upstream group "${group}".`)
  }
}

function readUrl(text: string): string {
  const parsed = parseOrigin(text)
  if ('origin' in parsed) return parsed.origin
  throw new ProblemError(400, 'invalid_request', `body/url must be ${parsed.expected}.`)
}

function expect(version: number | undefined): { expected?: number } {
  return version === undefined ? {} : { expected: version }
}

function checkVersion(entry: Entry | undefined, expected: number | undefined): void {
  const found = entry?.version ?? 0
  if (expected !== undefined && expected !== found) throw storeProblem(new VersionConflict(found))
}

function isSame(before: Entry, after: Omit<Entry, 'version'>): boolean {
  return isDeepStrictEqual(before, { ...after, version: before.version })
}

function changed(group: string, url: string, before: Entry | undefined, after: Entry | undefined): Changed {
  return { group, id: backendId(url), url, before, after }
}

function setElsewhere(id: string, keys: readonly string[], { source }: Backend): ProblemError {
  const place = source === 'file' ? 'of the configuration file' : 'discovered'
  const detail = `Backend "${id}" is ${place}: ${keys.join(' and ')} can be changed there only. Here only its state can.`
  return new ProblemError(409, 'set_by_file', detail)
}

/** What a store could not do, as an answer; any other error is none of its. */
function storeProblem(error: unknown): unknown {
  if (error instanceof VersionConflict) {
    return new ProblemError(
      412,
      'version_conflict',
      `It has been changed meanwhile: its version is ${error.found}.`
    )
  }
  if (error instanceof StoreUnavailable) {
    return new ProblemError(
      503,
      'store_unavailable',
      `The store can not be written to now (${error.reason}).`,
      {
        'retry-after': '1'
      }
    )
  }
  return error
}
