import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Records, Store } from './store.ts'

/**
 * A store in a folder, one JSON file per record: what replicas in processes or containers of their own share,
 * so that an order placed at one is known to the others, and that outlives a replica that is killed. Of two
 * writers of the same record the last one wins.
 *
 * @throws When the folder can't be made.
 */
export async function folderStore(folder: string): Promise<Store> {
  return {
    inventory: await folderRecords(join(folder, 'inventory')),
    orders: await folderRecords(join(folder, 'orders'))
  }
}

async function folderRecords<T>(folder: string): Promise<Records<T>> {
  await mkdir(folder, { recursive: true })
  return {
    async get(key) {
      try {
        return JSON.parse(await readFile(fileOf(folder, key), 'utf8')) as T
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async put(key, value) {
      const file = fileOf(folder, key)
      // Renaming is atomic: another replica reads the old record or the new one, never half of one.
      const draft = `${file}.${randomUUID()}.draft`
      await writeFile(draft, JSON.stringify(value))
      await rename(draft, file)
    },
    async keys() {
      const files = await readdir(folder)
      return files
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -'.json'.length))
        .sort()
    }
  }
}

function fileOf(folder: string, key: string): string {
  // Keys come from URLs; nothing but a plain name may become part of a path.
  if (!/^[A-Za-z0-9-]+$/.test(key)) throw new RangeError('a key consists of letters, digits and -')
  return join(folder, `${key}.json`)
}
