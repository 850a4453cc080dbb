import type { TestContext } from 'node:test'
import { FileStore, type FileStoreOptions } from '../../src/store/file-store.ts'

/** What a store told its log: the details of each warning. */
export type Warnings = Record<string, unknown>[]

/** Opens a store in a folder and closes it after the test. @returns It, and what it warned of so far. */
export async function openFileStore(
  t: TestContext,
  folder: string,
  options: Partial<FileStoreOptions> = {}
): Promise<{ store: FileStore; warnings: Warnings }> {
  const warnings: Warnings = []
  const log = { warn: (details: unknown) => void warnings.push(details as Record<string, unknown>) }
  const store = await FileStore.open({ folder, id: 'me', now: Date.now, log, ...options })
  t.after(() => store.close())
  return { store, warnings }
}
