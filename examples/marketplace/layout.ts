import type { GatewayConfig } from '../../src/config/types.ts'
import { type ServiceKind, isServiceKind } from './service.ts'

/** A place to listen at, and who wants to. */
export interface Listener {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** One replica of a service. */
export interface Replica extends Listener {
  readonly kind: ServiceKind
}

/** Who listens where in the demo. */
export interface Layout {
  readonly gateway: Listener
  readonly admin: Listener
  readonly replicas: readonly Replica[]
}

/**
 * Which replicas the demo has to start and where, as the gateway's configuration expects them: so the two never
 * disagree.
 *
 * @throws When a group is none of the marketplace's services.
 */
export function layoutOf({ server, admin, upstreams }: GatewayConfig): Layout {
  const replicas = upstreams.flatMap(({ name: group, backends }) => {
    if (!isServiceKind(group)) throw new Error(`upstreams.${group}: expected a service of the marketplace`)
    return backends.map(({ url }, index): Replica => {
      const { hostname, port, protocol } = new URL(url)
      const fallback = protocol === 'https:' ? 443 : 80
      return { kind: group, name: `${group}-${index + 1}`, host: hostname, port: Number(port || fallback) }
    })
  })
  return {
    gateway: { name: 'gateway', host: server.host, port: server.port },
    admin: { name: 'admin', host: admin.host, port: admin.port },
    replicas
  }
}
