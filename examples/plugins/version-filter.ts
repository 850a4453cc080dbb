import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Backend } from 'xecureapi-gateway'

/** Who may have traffic, and how often they are asked. */
export interface VersionFilterOptions {
  readonly group: string
  /** What a backend's `path` must answer. */
  readonly wanted: string
  /** By default `/version`. */
  readonly path?: string
  /** Milliseconds; by default 1000. */
  readonly interval?: number
}

/**
 * A filter of one's own: backends that run another version than the wanted one get no traffic. It asks them, and has the
 * registry do the rest, so balancing, sessions, metrics and log go by it.
 */
async function versionFilter(app: FastifyInstance, options: VersionFilterOptions): Promise<void> {
  const { group, wanted, path = '/version', interval = 1000 } = options
  const { registry } = app
  if (!registry) throw new Error('version-filter runs where the registry is owned')

  const ask = async ({ id, url }: Backend): Promise<void> => {
    const version = await versionOf(`${url}${path}`)
    // Of one that does not say, its health check knows more.
    if (version !== undefined) registry.setState(group, id, version === wanted ? 'active' : 'disabled')
  }
  const askAll = async (): Promise<void> => {
    await Promise.all(registry.groups.get(group)?.backends.map(ask) ?? [])
  }

  const stop = new AbortController()
  const { signal } = stop
  const askOnAndOn = async (): Promise<void> => {
    while (!signal.aborted) {
      await delay(interval, undefined, { signal, ref: false })
      await askAll()
    }
  }
  app.addHook('onReady', async () => {
    await askAll()
    askOnAndOn().catch((error: unknown) => {
      if (!signal.aborted) app.log.error({ err: error }, 'nobody looks at versions any more')
    })
  })
  app.addHook('onClose', async () => stop.abort())
}

async function versionOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(500) })
    return response.ok ? (await response.text()).trim() : undefined
  } catch {
    return undefined
  }
}

export default fp(versionFilter, {
  fastify: '5.x',
  name: 'version-filter',
  dependencies: ['upstream-registry']
})
