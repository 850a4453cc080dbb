import type { PinnedProcess } from '../processes.ts'

/** What a proxy is to do. */
export interface ProxySetup {
  /** Where to listen, on 127.0.0.1. */
  readonly port: number
  /** Origins. */
  readonly backends: readonly string[]
  /** Exists, is empty, and is removed afterwards. */
  readonly folder: string
  /** Where to write one line per request; undefined = no access log. */
  readonly accessLog: string | undefined
}

/** A proxy that takes part. */
export interface Contestant {
  readonly name: string
  /** For the tables. */
  readonly title: string
  /** The program that must be installed, and the Debian package that brings it; absent = it comes with the project. */
  readonly program?: {
    readonly command: string
    readonly debian: string
    readonly version: readonly string[]
  }
  /** Whether it can write an access log by itself. */
  readonly logs: boolean
  /** How many backends it is given; by default 3. */
  readonly backends?: number
  /** Starts it; it answers when this is done. */
  start(setup: ProxySetup): Promise<PinnedProcess>
}
