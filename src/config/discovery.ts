import { isIP } from 'node:net'
import { resolve as resolvePath } from 'node:path'
import { checkDuration, MIN_INTERVAL } from './check-durations.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import { duration, present } from './resolve-parts.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'
import type { DiscoveryConfig } from './types.ts'

type RawDiscovery = NonNullable<NonNullable<RawConfig['upstreams']>[string]['discovery']>

/** Keys that are for one type only. */
const KEYS = { dns: ['name', 'port', 'records', 'scheme', 'refresh', 'servers'], file: ['path'] } as const

/** Checks `discovery` of a group: what its type needs, and has no use for. */
export function checkDiscovery(
  document: SourceDocument,
  path: Path,
  discovery: Sound<RawDiscovery> | undefined
): Finding[] {
  const { type } = discovery ?? {}
  if (!discovery || type === undefined) return []
  const needed = type === 'dns' ? 'name' : 'path'
  const others = type === 'dns' ? KEYS.file : KEYS.dns
  const findings: Finding[] = others
    .filter((key) => document.has([...path, key]))
    .map((key) => ({
      path: [...path, key],
      message: `expected ${key} beside another type only, got it beside ${type}`
    }))
  if (!document.has([...path, needed])) {
    findings.push({ path: [...path, needed], message: `expected ${needed} beside ${type}, got nothing` })
  }
  const { name, port, servers = [] } = discovery
  if (type === 'dns' && name !== undefined && recordsOf(discovery) === 'a' && port === undefined) {
    if (!document.has([...path, 'port']))
      findings.push({ path: [...path, 'port'], message: 'expected a port beside addresses, got nothing' })
  }
  return [
    ...findings,
    ...checkDuration(document, [...path, 'refresh'], discovery.refresh, MIN_INTERVAL),
    ...servers.flatMap((server, index) => {
      if (server === undefined || isServer(server)) return []
      const place = [...path, 'servers', index]
      return [
        {
          path: place,
          message: `expected an address, with or without a port, got ${quote(document, place, server)}`
        }
      ]
    })
  ]
}

function isServer(text: string): boolean {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = bracketed ?? plain ?? text
  return isIP(address) > 0 && (port === undefined || (Number(port) > 0 && Number(port) <= 65_535))
}

function recordsOf({ records, name }: Sound<RawDiscovery>): 'a' | 'srv' {
  return records ?? (name?.startsWith('_') ? 'srv' : 'a')
}

/** `discovery` of a group. @param folder - Where relative paths start. */
export function resolveDiscovery(folder: string, discovery: RawDiscovery): DiscoveryConfig {
  if (discovery.type === 'file') return { type: 'file', path: resolvePath(folder, present(discovery.path)) }
  const { name, port, scheme = 'http', refresh = '5s', servers } = discovery
  return {
    type: 'dns',
    name: present(name),
    ...(port !== undefined && { port }),
    records: recordsOf(discovery),
    scheme,
    refresh: duration(refresh),
    ...(servers && { servers: [...servers] })
  }
}
