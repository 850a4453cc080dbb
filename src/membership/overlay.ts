import type { BackendConfig, GatewayConfig, UpstreamGroupConfig } from '../config/types.ts'
import type { DiscoveredBackend } from '../discovery/provider.ts'
import type { Entry, StoreSnapshot } from '../store/registrations.ts'

/** Backends that come from elsewhere than the configuration's file. */
export interface RunTimeBackends {
  readonly snapshot: StoreSnapshot
  /** By the name of their group. */
  readonly discovered: ReadonlyMap<string, readonly DiscoveredBackend[]>
}

/** A registration that is not wholly in force, and why. */
export interface RegistrationConflict {
  readonly group: string
  readonly url: string
  readonly reason: 'unknown_group' | 'named_by_file' | 'discovered'
  /** What of the registration does not count. */
  readonly ignored: readonly string[]
}

/**
 * The configuration with all backends that there are: for what the file names (weight, tier, caps) the file wins, then
 * what was registered, then what was discovered. Each URL is one backend of its group. The same objects where nothing
 * comes in addition.
 */
export function withRunTimeBackends(config: GatewayConfig, sources: RunTimeBackends): GatewayConfig {
  const byGroup = Map.groupBy(registered(sources.snapshot), ({ group }) => group)
  const isPlain = byGroup.size === 0 && sources.discovered.size === 0
  if (isPlain) return config
  return {
    ...config,
    upstreams: config.upstreams.map((group) =>
      withBackends(group, byGroup.get(group.name) ?? [], sources.discovered.get(group.name) ?? [])
    )
  }
}

function withBackends(
  group: UpstreamGroupConfig,
  entries: readonly RegisteredEntry[],
  discovered: readonly DiscoveredBackend[]
): UpstreamGroupConfig {
  if (entries.length === 0 && discovered.length === 0) return group
  const backends = new Map(group.backends.map((backend) => [backend.url, backend]))
  const add = (backend: BackendConfig): void => {
    if (!backends.has(backend.url)) backends.set(backend.url, backend)
  }
  for (const entry of entries) add(registeredBackend(entry))
  for (const backend of discovered) add(discoveredBackend(backend))
  return { ...group, backends: [...backends.values()] }
}

function registeredBackend({ url, registration }: RegisteredEntry): BackendConfig {
  const { weight, tier, maxInFlight, initially } = registration
  return { url, weight, tier, maxInFlight, source: 'registration', ...(initially && { initially }) }
}

function discoveredBackend(backend: DiscoveredBackend): BackendConfig {
  const { url, weight = 1, tier = 0, maxInFlight = 0, authority } = backend
  return {
    url,
    weight,
    tier,
    maxInFlight,
    source: 'discovery',
    ...(authority !== undefined && { authority })
  }
}

/** Registrations that the file, or what was discovered, stands in the way of. */
export function registrationConflicts(
  config: Pick<GatewayConfig, 'upstreams'>,
  { snapshot, discovered }: RunTimeBackends
): RegistrationConflict[] {
  const groups = new Map(config.upstreams.map((group) => [group.name, group]))
  return registered(snapshot).flatMap(({ group: name, url, registration }) => {
    const group = groups.get(name)
    const conflict = (reason: RegistrationConflict['reason'], ignored: readonly string[]) => [
      { group: name, url, reason, ignored }
    ]
    if (!group) return conflict('unknown_group', ['url'])
    const own = group.backends.find((backend) => backend.url === url)
    if (own) {
      const ignored = (['weight', 'tier', 'maxInFlight'] as const).filter(
        (key) => own[key] !== registration[key]
      )
      return ignored.length === 0 ? [] : conflict('named_by_file', ignored)
    }
    const isDiscovered = discovered.get(name)?.some((backend) => backend.url === url)
    return isDiscovered ? conflict('discovered', ['authority']) : []
  })
}

type RegisteredEntry = Entry & Required<Pick<Entry, 'registration'>>

function registered({ entries }: StoreSnapshot): RegisteredEntry[] {
  return [...entries.values()].filter((entry): entry is RegisteredEntry => entry.registration !== undefined)
}
