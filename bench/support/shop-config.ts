import { stringify } from 'yaml'

/** What a benchmark's configuration varies. */
export interface ShopOptions {
  /** URLs of the backends. */
  readonly backends: readonly string[]
  readonly routes: number
  readonly workers: number
  /** Another variant is another configuration: a reload with it has something to do. */
  readonly variant: number
}

/** Share of the routes that another variant changes: one in so many. */
const CHANGED = 20

/**
 * A marketplace's configuration with many routes: half with a rewrite, one in five with methods, one in ten with a
 * host, one in twenty with timeouts of its own. Every variant rewrites some routes differently, weighs a backend
 * differently and has one route that no other variant has.
 *
 * @returns The text of the file.
 */
export function shopConfig({ backends, routes, workers, variant }: ShopOptions): string {
  const groups = ['catalog', 'inventory', 'orders']
  return stringify({
    server: { host: '127.0.0.1', port: 0, workers, shutdown: { delay: '0s', timeout: '5s' } },
    admin: { port: 0 },
    log: { level: 'error', access: false },
    upstreams: Object.fromEntries(
      groups.map((name) => [
        name,
        {
          balancing: name === 'orders' ? 'least-connections' : 'round-robin',
          backends: backends.map((url, index) => ({ url, weight: index === 0 ? 1 + (variant % 3) : 1 })),
          healthCheck: { interval: '2s' }
        }
      ])
    ),
    routes: [
      ...Array.from({ length: routes - 1 }, (_, index) => ({
        name: `route-${index}`,
        path: shopPath(index),
        upstream: groups[index % groups.length],
        ...(index % 2 === 0 && { rewrite: `/v${index % CHANGED === 0 ? variant : 0}/resource-${index}` }),
        ...(index % 5 === 0 && { methods: ['GET', 'POST'] }),
        ...(index % 10 === 0 && { hosts: [SHOP_HOST] }),
        ...(index % 20 === 0 && { timeouts: { response: '10s' } })
      })),
      { name: `only-${variant}`, path: `/only/${variant}`, upstream: 'catalog' }
    ]
  })
}

/** The host that some of the routes are bound to. */
export const SHOP_HOST = 'api.shop.example'

/** Path of a route of every variant. */
export function shopPath(index: number): string {
  return `/api/service-${index % 40}/resource-${index}`
}
