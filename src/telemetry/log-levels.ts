import type { GatewayConfig, LogLevel } from '../config/types.ts'

/** What the level of the log is, and what it would be had nobody changed it at run time. */
export interface LogLevelView {
  readonly level: LogLevel
  readonly configured: LogLevel
}

/** Who is given a level. */
export interface LogLevelOptions {
  /** By the file. */
  readonly configured: LogLevel
  /** By the command line, instead. */
  readonly fixed?: LogLevel | undefined
  /** This thread's logger is told of changes only: it has a level from whoever made it. */
  readonly here: (level: LogLevel) => void
  /** The threads that serve, those to come included. */
  readonly threads: (level: LogLevel) => void
}

/**
 * The level of the log in all threads. What is said at run time holds until the configuration's own level changes; what
 * the command line says stands in the configuration's place for as long as the process runs.
 */
export class LogLevels {
  readonly #options: LogLevelOptions
  #configured: LogLevel
  #chosen: LogLevel | undefined
  #level: LogLevel

  constructor(options: LogLevelOptions) {
    this.#options = options
    this.#configured = options.fixed ?? options.configured
    this.#level = this.#configured
  }

  get view(): LogLevelView {
    return { level: this.#level, configured: this.#configured }
  }

  /** This configuration serves from now on. */
  follow({ log }: Pick<GatewayConfig, 'log'>): void {
    const configured = this.#options.fixed ?? log.level
    if (configured !== this.#configured) this.#chosen = undefined
    this.#configured = configured
    this.#apply(this.#chosen ?? configured)
  }

  /** Changes it now, until the configured one changes. */
  choose(level: LogLevel): void {
    this.#chosen = level
    this.#apply(level)
  }

  #apply(level: LogLevel): void {
    const isNews = level !== this.#level
    this.#level = level
    this.#options.threads(level)
    if (isNews) this.#options.here(level)
  }
}
