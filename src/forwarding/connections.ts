import type { UpstreamGroupConfig } from '../config/types.ts'
import type { Backend } from '../upstreams/backend.ts'
import { backendKey } from '../upstreams/backend.ts'
import type { UpstreamConnection } from './connection.ts'
import { type ConnectionSettings, Http1Connection } from './http1/http1-connection.ts'
import { Http2Connection } from './http2/http2-connection.ts'

/** How the backends of a group are spoken to. */
export interface PoolSettings extends ConnectionSettings {
  readonly protocol: UpstreamGroupConfig['protocol']
}

interface Pooled {
  readonly connection: UpstreamConnection
  users: number
}

/**
 * The connections of one thread to all backends, shared by the generations that are alive: a backend that stays
 * over a reload keeps its connections. Each generation takes what it needs and gives it back when it ends.
 */
export class Connections {
  readonly #pools = new Map<string, Pooled>()

  /** Takes a share in the connections to a backend; settings that differ, be it in a certificate, make others. */
  acquire(backend: Backend, settings: PoolSettings): UpstreamConnection {
    const key = poolKey(backend, settings)
    let pooled = this.#pools.get(key)
    if (!pooled) this.#pools.set(key, (pooled = { connection: open(backend, settings), users: 0 }))
    pooled.users++
    return pooled.connection
  }

  /** Gives a share back; the last one closes the connections once their requests have ended. */
  async release(backend: Backend, settings: PoolSettings): Promise<void> {
    const key = poolKey(backend, settings)
    const pooled = this.#pools.get(key)
    if (!pooled || --pooled.users > 0) return
    this.#pools.delete(key)
    await pooled.connection.close()
  }

  /** Breaks all connections. */
  async destroy(): Promise<void> {
    const all = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(all.map(({ connection }) => connection.destroy()))
  }
}

function open(backend: Backend, { protocol, ...settings }: PoolSettings): UpstreamConnection {
  const { url, authority, stats } = backend
  return protocol === 'h2'
    ? new Http2Connection(url, settings, authority, stats)
    : new Http1Connection(url, settings, authority, stats)
}

const keys = new WeakMap<PoolSettings, string>()

/** A thousand backends of a group share its settings: their certificates are written out once. */
function poolKey(backend: Backend, settings: PoolSettings): string {
  let key = keys.get(settings)
  if (key === undefined) {
    const { protocol, connectTimeout, keepAlive, maxIdle, maxResponseHead, tls } = settings
    const parts = [protocol, connectTimeout, keepAlive, maxIdle, maxResponseHead, tls]
    keys.set(settings, (key = JSON.stringify(parts)))
  }
  // Connections of a group that was gone meanwhile are counted for the one that it was.
  return `${backendKey(backend.group, backend.url)} ${backend.stats.slot} ${backend.authority ?? ''} ${key}`
}
