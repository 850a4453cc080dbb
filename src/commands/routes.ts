import { loadConfig } from '../config/load.ts'
import type { RouteConfig } from '../config/types.ts'
import type { Command } from './main.ts'
import { formatTable } from './table.ts'

/** Prints the route table of the configuration. */
export const routes: Command = async ({ config: file }) => {
  const config = await loadConfig(file)
  const rows = config.routes.map((route) => [
    route.name,
    route.hosts?.join(',') ?? '*',
    route.methods?.join(',') ?? '*',
    route.path,
    describeUpstream(route.upstream),
    route.rewrite ?? '',
    route.source
  ])
  process.stdout.write(
    formatTable([['NAME', 'HOSTS', 'METHODS', 'PATH', 'UPSTREAM', 'REWRITE', 'SOURCE'], ...rows])
  )
  return 0
}

/** A group, or those of a split with their weights: `catalog:95,catalog-canary:5`. */
function describeUpstream(upstream: RouteConfig['upstream']): string {
  if (typeof upstream === 'string') return upstream
  return upstream.map(({ group, weight }) => `${group}:${weight}`).join(',')
}
