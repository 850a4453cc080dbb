import { type FSWatcher, realpathSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Time without another change after which the files are read, in milliseconds: editors write in several steps. */
const DEBOUNCE = 200

/** What to watch, and whom to tell. */
export interface ConfigWatchOptions {
  /** Absolute path of the configuration file. */
  readonly file: string
  /** Absolute path of the folder of route modules. */
  readonly routesDir?: string | undefined
  readonly onChange: () => void
  /** A folder can't be watched (any more): changes go unnoticed. */
  readonly onError: (error: Error) => void
}

/**
 * Watches the folders of the configuration, not the files: editors replace a file by renaming another over it, and
 * Kubernetes swaps a `..data` symlink beside it.
 *
 * @returns Stops watching.
 */
export function watchConfig(options: ConfigWatchOptions): () => void {
  let timer: NodeJS.Timeout | undefined
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(options.onChange, DEBOUNCE)
  }
  const watchers = [...watchedFolders(options)].flatMap(([folder, concerns]) => {
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name === null || concerns.some((concern) => concern(name))) changed()
      })
      return [watcher.on('error', options.onError)]
    } catch (error) {
      options.onError(error as Error)
      return [] as FSWatcher[]
    }
  })
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

type Concern = (name: string) => boolean

function watchedFolders({ file, routesDir }: ConfigWatchOptions): Map<string, Concern[]> {
  const folders = new Map<string, Concern[]>()
  const add = (folder: string, concern: Concern): void => {
    folders.set(folder, [...(folders.get(folder) ?? []), concern])
  }
  for (const path of new Set([file, realpathSync(file)])) {
    add(dirname(path), (name) => name === basename(path) || name === '..data')
  }
  if (routesDir !== undefined) add(routesDir, (name) => /\.m?[jt]s$/.test(name) || name === '..data')
  return folders
}
