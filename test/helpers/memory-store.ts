import { EventEmitter } from 'node:events'
import { Registrar } from '../../src/membership/registrar.ts'
import {
  applyChange,
  EMPTY_SNAPSHOT,
  type RegistrationStore,
  type StoreChange,
  type StoreEvents,
  type StoreSnapshot,
  StoreUnavailable
} from '../../src/store/registrations.ts'
import { backendKey } from '../../src/upstreams/backend.ts'
import type { UpstreamRegistry } from '../../src/upstreams/registry.ts'

/** A store that keeps nothing, whose leases never end; it can be away. */
export class MemoryStore extends EventEmitter<StoreEvents> implements RegistrationStore {
  snapshot: StoreSnapshot = EMPTY_SNAPSHOT
  trouble: string | undefined
  /** Keys that were renewed, in order. */
  readonly renewed: string[] = []

  async write(change: StoreChange): Promise<StoreSnapshot> {
    if (this.trouble !== undefined) throw new StoreUnavailable(this.trouble)
    this.snapshot = applyChange(this.snapshot, change)
    this.emit('change', this.snapshot)
    return this.snapshot
  }

  async renew(group: string, url: string): Promise<boolean> {
    if (this.trouble !== undefined) throw new StoreUnavailable(this.trouble)
    const key = backendKey(group, url)
    const entry = this.snapshot.entries.get(key)
    if (entry?.registration?.ttl === undefined || entry.removal) return false
    this.renewed.push(key)
    return true
  }

  /** Orders of an operator, in order. */
  readonly orders: string[] = []

  async confirm(): Promise<StoreSnapshot> {
    return this.#obey('confirm')
  }

  async restore(): Promise<StoreSnapshot> {
    return this.#obey('restore')
  }

  #obey(order: string): StoreSnapshot {
    this.orders.push(order)
    this.trouble = undefined
    return this.snapshot
  }

  async close(): Promise<void> {}
}

/** What the admin API needs of a membership, over a registry whose backends stay as they are but for their states. */
export function memoryMembership(registry: UpstreamRegistry) {
  const store = new MemoryStore()
  const enforce = async (): Promise<void> => {
    for (const group of registry.groups.values()) {
      for (const { id, url } of group.backends) {
        const entry = store.snapshot.entries.get(backendKey(group.name, url))
        registry.setState(group.name, id, entry?.state ?? 'active')
      }
    }
  }
  const registrar = new Registrar({ registry, store, id: 'gateway-1', now: () => 1000, enforce })
  return { store, registrar, conflicts: [] }
}
