/** Levels of pino, `silent` included, from the least severe on. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** The least severe lines that are written. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** How lines are written: `auto` is for people on a terminal, else JSON. */
export type LogFormat = 'auto' | 'json' | 'pretty'

export interface LogConfig {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Which requests have a line; false = none. */
  readonly access: AccessLogConfig | false
}

/** Which requests have a line: all that did not go well, and these. */
export interface AccessLogConfig {
  /** Share of those that went well, 0 to 1. */
  readonly sample: number
  /** Those that took as long or longer always have one, in milliseconds; 0 = only by their share. */
  readonly slow: number
}

/** What is exported of requests, and to whom. */
export interface TracingConfig {
  /** Where spans go: OTLP over HTTP. May hold a user and a password. */
  readonly otlp: string
  /** Share of the traces that begin here, 0 to 1. */
  readonly sample: number
  /** Whether a trace that a client has begun is recorded as the client says. */
  readonly parentBased: boolean
  /** What this gateway is called in traces. */
  readonly service: string
  /** Header fields for the collector. */
  readonly headers: Readonly<Record<string, string>>
}
