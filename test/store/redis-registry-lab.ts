import type { TestContext } from 'node:test'
import type { RedisConnectionConfig } from '../../src/config/types.ts'
import { RedisRegistry, type RedisRegistryOptions } from '../../src/store/redis-registry.ts'
import type { Entry, StoreSnapshot } from '../../src/store/registrations.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'

/** One gateway's registry, and what it told. */
export interface TestRegistry {
  readonly store: RedisRegistry
  readonly folder: string
  /** The messages of its log. */
  readonly messages: string[]
  readonly expired: Entry[]
  /** Of each change, in order. */
  readonly versions: number[]
}

const OPENED = new WeakMap<TestContext, RedisRegistry[]>()

/** Opens a registry and closes it after the test. It waits for nobody, unless told otherwise. */
export async function openRegistry(
  t: TestContext,
  { url, sentinel }: RedisConnectionConfig,
  options: Partial<RedisRegistryOptions> = {}
): Promise<TestRegistry> {
  const opened = OPENED.get(t) ?? []
  if (!OPENED.has(t)) {
    OPENED.set(t, opened)
    // Before their folders go.
    t.after(() => Promise.all(opened.map((each) => each.close())))
  }
  const folder = options.folder ?? (await temporaryFolder(t, {}))
  const messages: string[] = []
  const log = {
    warn: (_: unknown, message?: string) => void messages.push(message ?? ''),
    info: () => undefined
  }
  const connection = { url, ...(sentinel && { sentinel }) }
  const fixed = { connection, prefix: 'xgw', folder, id: 'me', log, deference: 0 }
  const store = await RedisRegistry.open({ ...fixed, ...options })
  opened.push(store)
  const expired: Entry[] = []
  const versions: number[] = []
  store.on('expired', (entries) => expired.push(...entries))
  store.on('change', ({ version }) => versions.push(version))
  return { store, folder, messages, expired, versions }
}

/** The origins in a snapshot, sorted. */
export function urlsOf({ entries }: StoreSnapshot): string[] {
  return [...entries.values()].map(({ url }) => url).sort()
}
