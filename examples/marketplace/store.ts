import type { Order, StockLevel } from './schemas.ts'

/** What a service remembers, by key. Keys consist of letters, digits and `-`. */
export interface Records<T> {
  /** The record, or undefined when there is none. */
  get(key: string): Promise<T | undefined>
  /** Writes a record, in place of the one that may be there. */
  put(key: string, value: T): Promise<void>
  /** All keys in ascending order. */
  keys(): Promise<string[]>
}

/** The memory of the shop. Replicas that share a store behave as one service. */
export interface Store {
  readonly inventory: Records<StockLevel>
  readonly orders: Records<Order>
}

/** A store that ends with the process; every replica in the process may share it. */
export function memoryStore(): Store {
  return { inventory: memoryRecords(), orders: memoryRecords() }
}

function memoryRecords<T>(): Records<T> {
  const records = new Map<string, T>()
  return {
    get: async (key) => records.get(key),
    put: async (key, value) => void records.set(key, value),
    keys: async () => [...records.keys()].sort()
  }
}
