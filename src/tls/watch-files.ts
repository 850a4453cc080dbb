import { type FSWatcher, lstatSync, readlinkSync, watch } from 'node:fs'
import { dirname, join, parse, resolve, sep } from 'node:path'

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
 * on the way, of a file (certbot) or of a folder (Kubernetes' `..data`), is pointed elsewhere.
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
    const watched = JSON.stringify([...names].map(([folder, entries]) => [folder, ...entries]))
    if (watched === this.#watched) return false
    this.#watched = watched
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = [...names].flatMap(([folder, entries]) => this.#watch(folder, entries))
    return true
  }

  #watch(folder: string, entries: ReadonlySet<string>): FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || entries.has(name)) this.#changed()
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
    const kind = kindOf(path)
    if (kind === 'missing' || further.length === 0) add(path)
    if (kind === 'missing') return
    if (kind === 'link' && links++ < MAX_LINKS) {
      add(path)
      const target = resolve(reached, readlinkSync(path))
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

function kindOf(path: string): 'link' | 'missing' | 'other' {
  try {
    return lstatSync(path).isSymbolicLink() ? 'link' : 'other'
  } catch {
    return 'missing'
  }
}
