import type { Logger } from 'pino'
import type { StoreConfig } from '../config/types.ts'
import { FileStore } from '../store/file-store.ts'
import type { RegistrationStore } from '../store/registrations.ts'

/**
 * Opens the store that a configuration names. Never fails: what can't be read or reached now is told by its `trouble`.
 *
 * @param id - Of this gateway.
 */
export async function openStore(store: StoreConfig, id: string, log: Logger): Promise<RegistrationStore> {
  if (store.type === 'file') return await FileStore.open({ folder: store.path, id, now: Date.now, log })
  // Most gateways share nothing.
  const { RedisRegistry } = await import('../store/redis-registry.ts')
  const { prefix, path: folder } = store
  return await RedisRegistry.open({ connection: store, prefix, folder, id, log })
}
