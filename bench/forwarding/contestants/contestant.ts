import type { Program } from '../../support/machine.ts'
import type { PinnedProcess } from '../../support/pinned-process.ts'

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
  /** The program that must be installed; absent = it comes with the project. */
  readonly program?: Program
  /** Whether it can write an access log by itself. */
  readonly logs: boolean
  /** How many backends it is given; by default 3. */
  readonly backends?: number
  /** Starts it; it answers when this is done. */
  start(setup: ProxySetup): Promise<PinnedProcess>
}
