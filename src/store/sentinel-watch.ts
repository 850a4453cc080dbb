import { createRequire } from 'node:module'
import type { ConnectionOptions } from 'node:tls'
import type * as ioredis from 'ioredis'

const require = createRequire(import.meta.url)

/** What a sentinel tells when another Redis has become the master. */
const CHANNEL = '+switch-master'

/** How long it may be silent before the network is asked whether it is still there, in milliseconds: it says little. */
const KEEP_ALIVE = 10_000

/** How a sentinel is reached. Times in milliseconds. */
export interface SentinelOptions {
  readonly host: string
  readonly port: number
  readonly password?: string
  readonly tls?: ConnectionOptions
  readonly connectionName: string
  readonly connectTimeout: number
  /** The pause before the next attempt to connect. @param times - How many there were. */
  readonly retryStrategy: (times: number) => number
}

/** Where a master is. */
export interface MasterAddress {
  readonly host: string
  readonly port: number
}

/**
 * Listens to sentinels, over a connection to each, for as long as it takes. A master that was replaced while it lives
 * takes writes for some ten seconds more, which nobody keeps: whoever hears of it goes.
 *
 * ioredis's own `failoverDetector` prints what its connections fail of.
 *
 * @param name - Of the master.
 * @param moved - Told of the new one; once by each sentinel.
 * @returns What ends it.
 */
export function watchSentinels(
  sentinels: readonly SentinelOptions[],
  name: string,
  moved: (master: MasterAddress) => void
): () => void {
  const { Redis } = require('ioredis') as typeof ioredis
  const clients = sentinels.map((options) => {
    const client = new Redis({
      ...options,
      keepAlive: KEEP_ALIVE,
      enableReadyCheck: false,
      enableOfflineQueue: false
    })
    client.on('error', () => {
      // Whoever asks this sentinel for the master tells why it can't.
    })
    client.on('ready', () => void client.subscribe(CHANNEL).catch(() => undefined))
    client.on('message', (_channel: string, text: string) => {
      const [of, , , host = '', port] = text.split(' ')
      if (of === name) moved({ host, port: Number(port) })
    })
    return client
  })
  return () => {
    for (const client of clients) client.disconnect()
  }
}
