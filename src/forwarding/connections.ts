import type { Backend } from '../upstreams/backend.ts'
import { backendKey } from '../upstreams/backend.ts'
import type { UpstreamConnection } from './connection.ts'
import { type ConnectionSettings, Http1Connection } from './http1/http1-connection.ts'

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

  /** Takes a share in the connections to a backend; settings that differ make others. */
  acquire(backend: Backend, settings: ConnectionSettings): UpstreamConnection {
    const key = poolKey(backend, settings)
    let pooled = this.#pools.get(key)
    if (!pooled)
      this.#pools.set(key, (pooled = { connection: new Http1Connection(backend.url, settings), users: 0 }))
    pooled.users++
    return pooled.connection
  }

  /** Gives a share back; the last one closes the connections once their requests have ended. */
  async release(backend: Backend, settings: ConnectionSettings): Promise<void> {
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

function poolKey(backend: Backend, settings: ConnectionSettings): string {
  return `${backendKey(backend.group, backend.url)} ${settings.connectTimeout} ${settings.keepAlive}`
}
