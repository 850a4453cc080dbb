import { checkWeights } from './check-balancing.ts'
import type { RouteEntry } from './check-routes.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import { didYouMeanOrList } from './suggest.ts'

type EntryParts = Pick<RouteEntry, 'document' | 'path' | 'route'>

/**
 * Checks which groups a route goes to: that they exist, none twice, that somebody gets new requests, and that
 * `splitBy` has something to split.
 *
 * @param groups - Names of all upstream groups, sound or not.
 */
export function checkUpstream({ document, path, route }: EntryParts, groups: readonly string[]): Finding[] {
  const { upstream, splitBy } = route
  const place = [...path, 'upstream']
  const findings = splitBy === undefined ? [] : checkSplitBy([...path, 'splitBy'], upstream)
  if (upstream === undefined) return findings
  if (typeof upstream === 'string') return [...checkGroup(document, place, upstream, groups), ...findings]
  const seen = new Map<string, Path>()
  for (const [index, part] of upstream.entries()) {
    const group = part?.group
    if (group === undefined) continue
    const own = [...place, index, 'group']
    const first = seen.get(group)
    if (first) findings.push(foundTwice(document, own, group, first))
    else findings.push(...checkGroup(document, own, group, groups))
    if (!first) seen.set(group, own)
  }
  return [...findings, ...checkWeights(place, upstream, 'a group')]
}

function checkGroup(
  document: SourceDocument,
  place: Path,
  group: string,
  groups: readonly string[]
): Finding[] {
  if (groups.includes(group)) return []
  const hint = document.writtenAt(place) === undefined ? didYouMeanOrList(group, groups) : ''
  const got = quote(document, place, group)
  return [{ path: place, message: `expected the name of an upstream group, got ${got}${hint}` }]
}

function foundTwice(document: SourceDocument, place: Path, group: string, first: Path): Finding {
  const got = `got ${quote(document, place, group)} again; the first is at line ${document.lineOf(first)}`
  return { path: place, message: `expected every group once, ${got}` }
}

/** @param upstream - Undefined when it is wrong already. */
function checkSplitBy(path: Path, upstream: EntryParts['route']['upstream']): Finding[] {
  if (upstream === undefined || (typeof upstream === 'object' && upstream.length > 1)) return []
  return [{ path, message: 'expected an upstream of several groups to split, got one' }]
}
