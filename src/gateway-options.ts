import type { Logger } from 'pino'
import type { Addresses } from './addresses.ts'
import type { GatewayConfig, LogLevel } from './config/types.ts'
import type { RegistrationStore } from './store/registrations.ts'

/** How to start a gateway. */
export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly log: Logger
  /** Instead of the configuration's, for as long as it runs. */
  readonly logLevel?: LogLevel | undefined
  /** Module that a worker thread runs; by default the gateway's own. */
  readonly workerEntry?: URL
  /** Heap limit of one worker thread, in MiB; by default its share of half of the machine's memory. */
  readonly workerHeap?: number
}

/** What is there before the gateway is. */
export interface StartParts {
  /** Of this gateway among all that share its store. */
  readonly id: string
  readonly store: RegistrationStore
  readonly workers: number
  readonly addresses: Addresses
}
