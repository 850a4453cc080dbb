import type { FastifyRequest } from 'fastify'
import { createAlgorithm } from '../../src/balancing/algorithms.ts'
import { GroupBalancer } from '../../src/balancing/group-balancer.ts'
import type { UpstreamGroupConfig } from '../../src/config/types.ts'
import { BackendChoice, type ChoiceOwner } from '../../src/forwarding/backend-choice.ts'
import type { ForwardingTarget } from '../../src/forwarding/targets.ts'
import { WaitingLine } from '../../src/forwarding/waiting-line.ts'
import { sharedNow } from '../../src/shared-clock.ts'
import { RequestRecord } from '../../src/telemetry/request-record.ts'
import type { Backend } from '../../src/upstreams/backend.ts'
import { buildGroups, type UpstreamGroup } from '../../src/upstreams/group.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { apply, group } from '../upstreams/groups.ts'

/** A thread's view of the group `lab`, and what it picks by. */
export interface ThreadView {
  readonly group: UpstreamGroup
  readonly target: ForwardingTarget
}

/** A group with one backend per cap as so many threads see it. */
export function threadViews(
  caps: readonly number[],
  more: Partial<UpstreamGroupConfig> = {},
  threads = 1
): ThreadView[] {
  const hosts = caps.map((_, index) => `${String.fromCodePoint(97 + index)}:80`)
  const plain = group('lab', hosts, more)
  const config = {
    ...plain,
    backends: plain.backends.map((backend, index) => ({ ...backend, maxInFlight: caps[index]! }))
  }
  const registry = new UpstreamRegistry({ rows: threads })
  apply(registry, [config], 1)
  return Array.from({ length: threads }, (_, row) => {
    const view = buildGroups([config], {
      backends: registry.table,
      backendSlot: (key) => registry.slots.get(key),
      groups: registry.groupSlots.table,
      groupSlot: (name) => registry.groupSlots.get(name),
      row
    }).get('lab')!
    return { group: view, target: targetOf(view) }
  })
}

function targetOf(view: UpstreamGroup): ForwardingTarget {
  const { backends, live, settings } = view
  const shared = { random: () => 0, now: sharedNow }
  const balancer = new GroupBalancer<Backend>({
    candidates: backends,
    algorithm: createAlgorithm('round-robin', { places: backends.length, ...shared }),
    panicThreshold: settings.panicThreshold,
    slowStart: undefined,
    epoch: () => live.epoch,
    ...shared
  })
  const line = settings.queue.max > 0 ? new WaitingLine(live, settings.queue) : undefined
  return { group: view, balancer, line, sessions: undefined, keyOf: undefined } as unknown as ForwardingTarget
}

/** A request that looks for a backend, and what it was told. */
export interface Seeker {
  readonly choice: BackendChoice
  readonly record: RequestRecord
  /** Backends that it got, by their first letters, and reasons why it got none, in order. */
  readonly told: string[]
  /** The backend that it got last. */
  readonly has: () => Backend
}

/** A request that does nothing on its own. */
export function seeker({ target }: ThreadView): Seeker {
  const record = new RequestRecord(performance.now())
  const told: string[] = []
  let last: Backend | undefined
  const owner: ChoiceOwner = {
    onPicked: (backend) => {
      last = backend
      choice.setTried(backend)
      told.push(backend.id[0]!)
    },
    onNobody: ({ reason }) => {
      told.push(reason)
      choice.stop()
    }
  }
  const choice = new BackendChoice({ record, raw: {} } as unknown as FastifyRequest, target, owner)
  return { choice, record, told, has: () => last! }
}

/** A request that has begun to look. */
export function seek(view: ThreadView): Seeker {
  const found = seeker(view)
  found.choice.start()
  return found
}
