import type { DiscoveryConfig } from '../config/types.ts'
import { DnsProvider } from './dns-provider.ts'
import { FileProvider } from './file-provider.ts'
import type { DiscoveryProvider } from './provider.ts'

/** Makes the provider for a group's discovery: the one place that knows all kinds. */
export function createProvider(config: DiscoveryConfig): DiscoveryProvider {
  if (config.type === 'file') return new FileProvider({ path: config.path })
  const { name, port, records, scheme, refresh, servers } = config
  return new DnsProvider({
    name,
    ...(port !== undefined && { port }),
    type: records,
    protocol: `${scheme}:`,
    refresh,
    ...(servers && { servers })
  })
}
