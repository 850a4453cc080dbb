import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import type * as ioredis from 'ioredis'
import { parseRedisUrl, type RedisAddress } from '../config/redis-url.ts'
import type { RedisConnectionConfig, SentinelConfig } from '../config/types.ts'
import { watchSentinels } from './sentinel-watch.ts'

/** For what is loaded when it is needed: it takes a thread 50 ms, and most gateways share nothing. */
const require = createRequire(import.meta.url)

/** Ports where none is written. */
const REDIS_PORT = 6379
const SENTINEL_PORT = 26_379

/** What is used of a client of ioredis, be it of one Redis or of a cluster. */
export interface RedisConnection
  extends EventEmitter, Pick<ioredis.Redis, 'defineCommand' | 'disconnect' | 'xread' | 'zrem'> {
  /** `ready` = what is asked is sent. */
  readonly status: string
}

/** How connections behave, whatever they lead to. Times in milliseconds. */
export interface ConnectionSettings {
  /** What `CLIENT LIST` calls it. */
  readonly name: string
  /** The longest that a command may take; undefined = any time. */
  readonly commandTimeout: number | undefined
  /** The longest that connecting may take, and that a sentinel or a node may take to say where to connect. */
  readonly connectTimeout: number
  /** The pause before the next attempt to connect. @param times - How many there were. */
  readonly retryPause: (times: number) => number
  /** Whether a connection is to be given up because of this answer. */
  readonly givesUp: (answer: Error) => boolean
}

/** Two connections with the same key lead to the same place with the same login. It holds their passwords. */
export function connectionKey({ url, sentinel }: RedisConnectionConfig): string {
  return JSON.stringify([url, sentinel?.name, sentinel?.password])
}

/**
 * Makes a client of ioredis that begins to connect at once, and again whenever it has lost what it led to. What is asked
 * meanwhile fails at once, and nothing that may have arrived is sent twice. What a node of a cluster has only refused
 * (`MOVED`, `ASK`, `TRYAGAIN`) goes to where it belongs, unless somebody else has just begun to connect there.
 *
 * @throws {TypeError} When a URL is none.
 */
export function connectRedis(config: RedisConnectionConfig, settings: ConnectionSettings): RedisConnection {
  const addresses = [config.url].flat().map(parseRedisUrl)
  const [first] = addresses
  if (!first) throw new TypeError('expected the URL of a Redis')
  if (config.sentinel) return overSentinels(addresses, first, config.sentinel, settings)
  return typeof config.url === 'string' ? single(first, settings) : cluster(addresses, first, settings)
}

function single(address: RedisAddress, settings: ConnectionSettings): RedisConnection {
  const { Redis } = require('ioredis') as typeof ioredis
  const { host, port = REDIS_PORT } = address
  return new Redis({ ...optionsOf(address, settings), ...oneOf(address, settings), host, port })
}

function overSentinels(
  addresses: readonly RedisAddress[],
  address: RedisAddress,
  { name, password }: SentinelConfig,
  settings: ConnectionSettings
): RedisConnection {
  const { Redis } = require('ioredis') as typeof ioredis
  const { connectTimeout, retryPause } = settings
  const sentinels = addresses.map(({ host, port = SENTINEL_PORT }) => ({ host, port }))
  const tls = address.isTls && { tls: {} }
  // As sentinels write it, by name or by address: that of the socket may be another one.
  let found: string | undefined
  const client = new Redis({
    ...optionsOf(address, settings),
    ...oneOf(address, settings),
    sentinels,
    name,
    ...(password !== undefined && { sentinelPassword: password }),
    // Without one, it would give up for ever.
    sentinelRetryStrategy: retryPause,
    sentinelCommandTimeout: connectTimeout,
    // It is asked about other sentinels as well, and about the master last.
    natMap: (answer) => {
      found = answer
      return null
    },
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: tls.tls })
  })
  const login = { ...(password !== undefined && { password }), ...tls }
  const common = { ...login, connectionName: settings.name, connectTimeout, retryStrategy: retryPause }
  let told: string | undefined
  const follow = (): void => {
    // Who is still connecting, perhaps to the old one, has to be there first.
    if (client.status !== 'ready' || told === undefined) return
    // Several tell. Each is followed once: one of them may be the last that has heard of it.
    if (told !== found) client.disconnect(true)
    told = undefined
  }
  const watched = sentinels.map((each) => ({ ...each, ...common }))
  const unwatch = watchSentinels(watched, name, ({ host, port }) => {
    told = `${host}:${port}`
    follow()
  })
  client.on('ready', follow)
  // There is no event for it when it has no connection.
  const disconnect = client.disconnect.bind(client)
  client.disconnect = (reconnect = false) => {
    if (!reconnect) unwatch()
    disconnect(reconnect)
  }
  return client
}

function cluster(
  nodes: readonly RedisAddress[],
  address: RedisAddress,
  settings: ConnectionSettings
): RedisConnection {
  const { Cluster } = require('ioredis') as typeof ioredis
  const client = new Cluster(
    nodes.map(({ host, port = REDIS_PORT }) => ({ host, port })),
    {
      redisOptions: optionsOf(address, settings),
      enableOfflineQueue: false,
      clusterRetryStrategy: settings.retryPause,
      slotsRefreshTimeout: settings.connectTimeout,
      // It would send again what went over a connection that broke, …
      retryDelayOnFailover: 0,
      // … and try for longer than anybody waits.
      retryDelayOnClusterDown: 0,
      // Names stay names: TLS asks for them.
      dnsLookup: (name, done) => done(null, name)
    }
  )
  // By itself it connects when the first command waits already, and tells nobody why it can't.
  client.on('+node', (node: ioredis.Redis) => {
    const connect = (): void => {
      if (!node.options.readOnly && node.status === 'wait') node.connect().catch(() => undefined)
    }
    // Perhaps a command found it that another node sent there: it may begin the connection, and waits for no other.
    if (client.status === 'ready') setImmediate(connect)
    else connect()
  })
  return client
}

/** What holds for a connection to whatever Redis. */
function optionsOf({ username, password, isTls }: RedisAddress, settings: ConnectionSettings) {
  const { name, commandTimeout, connectTimeout, givesUp } = settings
  return {
    connectionName: name,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    ...(commandTimeout !== undefined && { commandTimeout }),
    connectTimeout,
    disconnectTimeout: 100,
    reconnectOnError: givesUp,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} })
  }
}

/** What holds when there is one at a time. */
function oneOf({ database = 0 }: RedisAddress, { retryPause }: ConnectionSettings) {
  return { db: database, enableOfflineQueue: false, retryStrategy: retryPause }
}
