import { type FSWatcher, readlinkSync, statSync, watch } from 'node:fs'
import { basename, dirname, join, parse, resolve, sep } from 'node:path'

/** Time without another change after which whoever watches is told, in milliseconds: a key follows its certificate. */
const DEBOUNCE = 200

/** As many links as Linux follows. */
const MAX_LINKS = 40

/** What to watch, and whom to tell. */
export interface FilesWatchOptions {
  readonly onChange: () => void
  /** A folder can't be watched (any more): changes go unnoticed. */
  readonly onError: (error: Error) => void
}

/**
 * Watches files by the folders of all names that lead to them: a file is replaced by renaming another over it, and a link
 * on the way, of a file (certbot) or of a folder (Kubernetes' `..data`), is pointed elsewhere, or a folder is replaced.
 */
export class FilesWatch {
  readonly #options: FilesWatchOptions
  #files: readonly string[] = []
  #watched = ''
  #watchers: FSWatcher[] = []
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: FilesWatchOptions) {
    this.#options = options
  }

  /**
   * Watches these from now on, and no others. When that makes a difference, whoever watches is told once, for what fell
   * between reading and watching.
   *
   * @param files - Absolute paths; they need not be there.
   */
  follow(files: readonly string[]): void {
    if (this.#stopped) return
    this.#files = files
    if (this.#look()) this.#changed()
  }

  /** Stops watching for good. */
  stop(): void {
    this.#stopped = true
    for (const watcher of this.#watchers) watcher.close()
    clearTimeout(this.#timer)
  }

  /** Watches anew when the names lead elsewhere. @returns Whether they do. */
  #look(): boolean {
    const names = new Map<string, Set<string>>()
    for (const file of this.#files) addNames(file, names)
    const watched = JSON.stringify(
      [...names].map(([folder, entries]) => [folder, identityOf(folder), ...entries])
    )
    if (watched === this.#watched) return false
    this.#watched = watched
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = [...names].flatMap(([folder, entries]) => this.#watch(folder, entries))
    return true
  }

  #watch(folder: string, entries: ReadonlySet<string>): FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        // Under its own name a folder tells that it was moved or removed itself.
        if (name === null || entries.has(name) || name === basename(folder)) this.#changed()
      })
      return [watcher.on('error', this.#options.onError)]
    } catch (error) {
      this.#options.onError(error as Error)
      return []
    }
  }

  #changed(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      // What fell between two watches is in the files by now, or is seen by the new one.
      this.#look()
      this.#options.onChange()
    }, DEBOUNCE)
  }
}

/** Notes every name on the way to a file that may come to mean something else, by folder. */
function addNames(file: string, names: Map<string, Set<string>>): void {
  const add = (path: string): void => {
    const folder = dirname(path)
    names.set(folder, (names.get(folder) ?? new Set()).add(path.slice(folder.length).replace(sep, '')))
  }
  let rest = steps(file)
  let reached = parse(file).root
  for (let links = 0; rest.length > 0;) {
    const [step = '', ...further] = rest
    const path = join(reached, step)
    const leadsTo = targetOf(path)
    const isLink = leadsTo !== undefined && leadsTo !== path
    if (isLink || leadsTo === undefined || further.length === 0) add(path)
    if (leadsTo === undefined) return
    if (isLink && links++ < MAX_LINKS) {
      const target = resolve(reached, leadsTo)
      reached = parse(target).root
      rest = [...steps(target), ...further]
    } else {
      reached = path
      rest = further
    }
  }
}

function steps(path: string): string[] {
  return path.slice(parse(path).root.length).split(sep).filter(Boolean)
}

/** Where a link leads, which may change at any moment; what is no link leads to itself, and what is not there nowhere. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EINVAL' ? path : undefined
  }
}

/** Tells a folder from another that took its name, and maybe its inode's number. */
function identityOf(folder: string): string | undefined {
  try {
    const { ino, birthtimeMs } = statSync(folder)
    return `${ino} ${birthtimeMs}`
  } catch {
    return undefined
  }
}
