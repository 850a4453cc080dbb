import { realpathSync } from 'node:fs'
import { type ConfigWatchOptions, watchConfig } from './watch.ts'

/** Where a configuration is read from. */
export type ConfigSources = Pick<ConfigWatchOptions, 'file' | 'routesDir'>

/** Watches where a configuration is read from, also when that moves: a link points elsewhere, `routesDir` changes. */
export class ConfigFollower {
  readonly #options: Omit<ConfigWatchOptions, keyof ConfigSources>
  #watched: string | undefined
  #unwatch: () => void = () => {}
  #stopped = false

  constructor(options: Omit<ConfigWatchOptions, keyof ConfigSources>) {
    this.#options = options
  }

  /**
   * Watches these from now on. As long as they are the same, the watch goes on undisturbed, so that a change is never
   * lost between two; when they are not, `onChange` is called once for what fell between.
   */
  follow({ file, routesDir }: ConfigSources): void {
    const target = realPath(file)
    const sources = [file, target, routesDir].join('\n')
    // A file that is away for a moment comes back in the folder that is watched already.
    if (this.#stopped || target === undefined || sources === this.#watched) return
    const moved = this.#watched !== undefined
    this.#watched = sources
    this.#unwatch()
    this.#unwatch = watchConfig({ ...this.#options, file, routesDir })
    if (moved) this.#options.onChange()
  }

  /** Stops watching for good. */
  stop(): void {
    this.#stopped = true
    this.#unwatch()
  }
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file)
  } catch {
    return undefined
  }
}
