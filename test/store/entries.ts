import type { Entry, StoreChange } from '../../src/store/registrations.ts'

/** An entry as a put takes it: a backend that was registered, of the group `catalog`. */
export function registered(url: string, ttl?: number): Omit<Entry, 'version'> {
  const registration = { weight: 1, tier: 0, maxInFlight: 0, ...(ttl === undefined ? {} : { ttl }) }
  return { group: 'catalog', url, registration, state: 'active' }
}

/** A change that writes such an entry. */
export function put(url: string, ttl?: number, expected?: number): StoreChange {
  return { kind: 'put', entry: registered(url, ttl), ...(expected === undefined ? {} : { expected }) }
}

/** A change that removes such an entry. */
export function remove(url: string, expected?: number): StoreChange {
  return { kind: 'remove', group: 'catalog', url, ...(expected === undefined ? {} : { expected }) }
}
