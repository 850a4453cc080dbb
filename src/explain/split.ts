import type { IncomingMessage } from 'node:http'
import type { AddressBlocks } from '../address-blocks.ts'
import type { RouteConfig, SplitPart } from '../config/types.ts'
import { formatRequestKey } from '../config/request-key-text.ts'
import { sessionsOf } from '../forwarding/sessions.ts'
import { Split } from '../forwarding/split.ts'
import type { UpstreamGroup, UpstreamGroups } from '../upstreams/group.ts'
import type { ExplainedSplit } from './explanation.ts'
import { keyOf } from './key.ts'

/** The group that a request goes to, and how it was chosen when there were several. */
export interface ChosenGroup {
  readonly group: UpstreamGroup
  readonly split: ExplainedSplit | null
}

/** Says which of its groups a route would choose for a request. */
export function explainSplit(
  groups: UpstreamGroups,
  { upstream, splitBy }: RouteConfig,
  request: IncomingMessage,
  trusted: AddressBlocks
): ChosenGroup {
  if (typeof upstream === 'string') return { group: groups.get(upstream)!, split: null }
  const parts = upstream.map(({ group: name, weight }) => {
    const group = groups.get(name)!
    const { affinity } = group.settings
    return { weight, target: { group, sessions: affinity && sessionsOf(group, affinity) } }
  })
  const hash = splitBy && keyOf(request, splitBy, trusted)
  const split = new Split(parts, { keyOf: splitBy && (() => hash), random: () => middleOfLargest(upstream) })
  const { target, reason } = split.explain(request)
  const total = upstream.reduce((sum, { weight }) => sum + weight, 0)
  return {
    group: target.group,
    split: {
      reason,
      key: splitBy ? formatRequestKey(splitBy) : null,
      parts: upstream.map(({ group, weight }) => ({
        group,
        weight,
        share: total === 0 ? 0 : weight / total,
        chosen: group === target.group.name
      }))
    }
  }
}

/** A random number that chooses the weightiest part. */
function middleOfLargest(parts: readonly SplitPart[]): number {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  const largest = parts.reduce((best, part) => (part.weight > best.weight ? part : best))
  let before = 0
  for (const part of parts) {
    if (part === largest) break
    before += part.weight
  }
  return total === 0 ? 0 : (before + largest.weight / 2) / total
}
