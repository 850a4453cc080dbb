import type { RedisConnectionConfig } from '../config/types.ts'
import { failureReason } from '../health/failure-reason.ts'
import { sharedNow } from '../shared-clock.ts'
import { connectRedis, type RedisConnection } from './redis-connection.ts'

/** The longest that anything may take that nobody waits for: setting a connection up, presence. In milliseconds. */
const COMMAND_TIMEOUT = 1000
/** Pauses between attempts to connect grow by this, in milliseconds, … */
const RECONNECT_STEP = 50
/** … up to this. */
const RECONNECT_PAUSE = 500
/** Milliseconds between two connections that are given up because theirs is a replica: it may well stay one. */
const REPLICA_PAUSE = 1000

/** A connection to a Redis that comes back by itself, and what it failed of last. */
export interface RedisClient {
  /**
   * It tells of `ready`; of `error` when it can't be reached, and of `close` when it no longer is. While sentinels say
   * nothing of the Redis, there is only `error`.
   */
  readonly redis: RedisConnection
  /** Why something that was asked failed, as a word: what Redis said, or why it can't be reached. */
  readonly reasonOf: (error: unknown) => string
}

/**
 * Opens a connection in the background. Nothing waits for it: what is asked while there is none fails at once, and
 * nothing is sent twice.
 *
 * @param config - It may hold passwords, and neither it nor ioredis's errors (which hold the arguments of commands, so
 *   of AUTH) are to be logged: {@link redisReason} is.
 * @param options.name - What `CLIENT LIST` calls it.
 * @param options.blocks - For commands that wait at Redis for something to happen: whoever asks bounds them.
 */
export function openRedis(
  config: RedisConnectionConfig,
  { name = 'xecureapi', blocks = false }: { readonly name?: string; readonly blocks?: boolean } = {}
): RedisClient {
  let givenUpAt = -Infinity
  const redis = connectRedis(config, {
    name,
    commandTimeout: blocks ? undefined : COMMAND_TIMEOUT,
    connectTimeout: COMMAND_TIMEOUT,
    retryPause: (times) => Math.min(times * RECONNECT_STEP, RECONNECT_PAUSE),
    // A failover leaves connections to who may no longer write. Before Redis 7, a script's errors stand within others.
    givesUp: ({ message }) => {
      const now = sharedNow()
      if (!/\bREADONLY\b/.test(message) || now - givenUpAt < REPLICA_PAUSE) return false
      givenUpAt = now
      return true
    }
  })
  let reason = 'not_connected'
  const failed = (error: unknown): void => {
    if (saysMore(error)) reason = redisReason(error)
  }
  const found = (): void => void (reason = 'not_connected')
  redis.on('error', failed)
  redis.on('ready', found)
  // Of one node of a cluster, of one sentinel: before the error that says that there is no other.
  redis.on('node error', failed)
  redis.on('sentinelError', (error: Error) => (reason = sentinelReason(error)))
  redis.on('+node', (node: RedisConnection) => node.on('ready', found))
  const isAnswer = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError'
  const isOwn = (error: unknown): boolean => isAnswer(error) || (redis.status === 'ready' && saysMore(error))
  return { redis, reasonOf: (error) => (isOwn(error) ? redisReason(error) : reason) }
}

/** What a Redis refuses begins with a word in capitals: `NOAUTH`, `WRONGPASS`, `LOADING`, `OOM`, … */
const REFUSAL = /^[A-Z]{2,}\b/

/** What ioredis says after what says more. */
const FOLLOWS = /^(?:Connection is closed\.|Failed to refresh slots cache\.|All sentinels are unreachable)/

function saysMore(error: unknown): boolean {
  return !(error instanceof Error && FOLLOWS.test(error.message))
}

/**
 * The word that stands for an error of ioredis: that of Redis in lower case, as `wrongpass`; `timeout`; else that of
 * its socket, as `connect_refused`.
 */
export function redisReason(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  if (name === 'ReplyError') return (REFUSAL.exec(message)?.[0] ?? 'refused').toLowerCase()
  if (message === 'Command timed out' || message === 'connect ETIMEDOUT' || message === 'timeout')
    return 'timeout'
  return failureReason(error)
}

/** Of a sentinel, ioredis keeps nothing but the text of what went wrong. */
function sentinelReason({ message }: Error): string {
  if (/got an invalid reply|No such master/.test(message)) return 'unknown_master'
  const why = / because (.*)$/s.exec(message)?.[1] ?? ''
  return why === 'Command timed out' ? 'timeout' : (REFUSAL.exec(why)?.[0].toLowerCase() ?? 'sentinel_away')
}
