import { createRequire } from 'node:module'
import type * as ioredis from 'ioredis'
import { failureReason } from '../health/failure-reason.ts'
import { sharedNow } from '../shared-clock.ts'

/** For what is loaded when it is needed: it takes a thread 50 ms, and most gateways share nothing. */
const require = createRequire(import.meta.url)

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
  readonly redis: ioredis.Redis
  /** Why something that was asked failed, as a word: what Redis said, or why it can't be reached. */
  readonly reasonOf: (error: unknown) => string
}

/**
 * Opens a connection in the background. Nothing waits for it: what is asked while there is none fails at once, and
 * nothing is sent twice.
 *
 * @param url - As ioredis takes it; it may hold a password, and neither it nor ioredis's errors (which hold the
 *   arguments of commands, so of AUTH) are to be logged: {@link redisReason} is.
 * @param options.name - What `CLIENT LIST` calls it.
 * @param options.blocks - For commands that wait at Redis for something to happen: whoever asks bounds them.
 */
export function openRedis(
  url: string,
  { name = 'xecureapi', blocks = false }: { readonly name?: string; readonly blocks?: boolean } = {}
): RedisClient {
  let givenUpAt = -Infinity
  const { Redis: Client } = require('ioredis') as typeof ioredis
  const redis = new Client(url, {
    connectionName: name,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    ...(blocks ? {} : { commandTimeout: COMMAND_TIMEOUT }),
    connectTimeout: COMMAND_TIMEOUT,
    disconnectTimeout: 100,
    retryStrategy: (times) => Math.min(times * RECONNECT_STEP, RECONNECT_PAUSE),
    // A failover leaves connections to who may no longer write. Before Redis 7, a script's errors stand within others.
    reconnectOnError: ({ message }) => {
      const now = sharedNow()
      if (!/\bREADONLY\b/.test(message) || now - givenUpAt < REPLICA_PAUSE) return false
      givenUpAt = now
      return true
    }
  })
  let reason = 'not_connected'
  redis.on('error', (error: Error) => (reason = redisReason(error)))
  redis.on('ready', () => (reason = 'not_connected'))
  const isAnswer = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError'
  return {
    redis,
    reasonOf: (error) => (redis.status === 'ready' || isAnswer(error) ? redisReason(error) : reason)
  }
}

/** What a Redis refuses begins with a word in capitals: `NOAUTH`, `WRONGPASS`, `LOADING`, `OOM`, … */
const REFUSAL = /^[A-Z]{2,}\b/

/**
 * The word that stands for an error of ioredis: that of Redis in lower case, as `wrongpass`; `timeout`; else that of
 * its socket, as `connect_refused`.
 */
export function redisReason(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  if (name === 'ReplyError') return (REFUSAL.exec(message)?.[0] ?? 'refused').toLowerCase()
  if (message === 'Command timed out' || message === 'connect ETIMEDOUT') return 'timeout'
  return failureReason(error)
}
