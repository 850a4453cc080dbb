import { checkBalancing } from './check-balancing.ts'
import { checkDiscovery } from './discovery.ts'
import { checkDuration, MIN_INTERVAL } from './check-durations.ts'
import { checkForwarding } from './check-forwarding.ts'
import { checkConcurrency } from './check-limits.ts'
import { checkUpstreamTls } from './check-tls.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import { parseOrigin } from './origin.ts'
import type { Path } from './path.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'
import { parseStatusRange } from './status-ranges.ts'

type RawGroup = NonNullable<RawConfig['upstreams']>[string]
type RawHealthCheck = NonNullable<RawGroup['healthCheck']>

/** Checks the upstream groups: what their backends' URLs say, that none comes twice, ranges of times and statuses. */
export function checkUpstreams(config: Sound<RawConfig>, document: SourceDocument): Finding[] {
  return Object.entries(config.upstreams ?? {}).flatMap(([name, group]) => {
    const path = ['upstreams', name]
    return [
      ...checkBackends(document, [...path, 'backends'], group),
      ...checkDiscovery(document, [...path, 'discovery'], group?.discovery),
      ...checkUpstreamTls(document, path, { tls: group?.tls, backends: group?.backends }),
      ...checkHealthCheck(document, [...path, 'healthCheck'], group?.healthCheck),
      ...checkConcurrency(document, [...path, 'concurrency'], group?.concurrency),
      ...(group ? checkBalancing(document, path, group) : []),
      ...checkForwarding(document, path, { retry: group?.retry, timeouts: group?.timeouts })
    ]
  })
}

function checkBackends(document: SourceDocument, list: Path, group: Sound<RawGroup> | undefined): Finding[] {
  if (!group) return []
  if (!document.has(list) && !document.has([...list.slice(0, -1), 'discovery'])) {
    return [{ path: list, message: 'expected a list of backends, or discovery, got nothing' }]
  }
  const seen = new Map<string, Path>()
  return (group.backends ?? []).flatMap((backend, index) => {
    const isText = typeof backend === 'string'
    const path = isText ? [...list, index] : [...list, index, 'url']
    const url = isText ? backend : backend?.url
    if (url === undefined) return []
    const result = parseOrigin(url)
    const got = `got ${quote(document, path, url)}`
    if ('expected' in result) return [{ path, message: `expected ${result.expected}, ${got}` }]
    const first = seen.get(result.origin)
    if (first === undefined) {
      seen.set(result.origin, path)
      return []
    }
    const line = document.lineOf(first)
    return [{ path, message: `expected every backend once, ${got} again; the first is at line ${line}` }]
  })
}

function checkHealthCheck(
  document: SourceDocument,
  path: Path,
  check: Sound<RawHealthCheck> | undefined
): Finding[] {
  return [
    ...checkDuration(document, [...path, 'interval'], check?.interval, MIN_INTERVAL),
    ...checkDuration(document, [...path, 'timeout'], check?.timeout, 1),
    ...checkStatuses(document, [...path, 'expect', 'status'], check?.expect?.status)
  ]
}

function checkStatuses(
  document: SourceDocument,
  path: Path,
  status: number | string | readonly (number | string | undefined)[] | undefined
): Finding[] {
  if (typeof status === 'object') {
    return status.flatMap((entry, index) => checkStatuses(document, [...path, index], entry))
  }
  if (status === undefined || parseStatusRange(status)) return []
  const got = quote(document, path, status)
  return [{ path, message: `expected a range that does not end before it starts, got ${got}` }]
}
