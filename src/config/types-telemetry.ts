/** Levels of pino, `silent` included. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface LogConfig {
  readonly level: LogLevel
  /** Whether every request is one log line. */
  readonly access: boolean
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
