import { useMemo, useState } from 'preact/hooks'
import { AddBackendDialog } from '../acts/add-backend.tsx'
import { count, counted, duration, percent, rate } from '../model/format.ts'
import type { BackendState, GroupState } from '../model/live-state.ts'
import { countStatuses, statusOf, STATUSES, troubleFirst } from '../model/status.ts'
import { useLive } from '../ui/hooks.ts'
import { Icon } from '../ui/icon.tsx'
import { TimeLine } from '../ui/time-line.tsx'
import { BackendTable } from './backend-table.tsx'

/** Backends that a group shows at first, those with trouble in front; and how many more at once. */
const SHOWN = { first: 12, more: 100 }

/** What a group is found by in the page. */
export function sectionId(name: string): string {
  return `group-${name}`
}

/** A group: how it does, and its backends. */
export function GroupSection({ group, filter }: { readonly group: GroupState; readonly filter: string }) {
  const { moments } = useLive().state
  const [shown, setShown] = useState(SHOWN.first)
  const [isAdding, setAdding] = useState(false)
  const { name, numbers, lines, backends } = group
  const isLarge = backends.length > SHOWN.first
  const found = filter === '' ? backends : backends.filter((backend) => isFound(name, backend, filter))
  const ordered = isLarge ? troubleFirst(found) : found
  const visible = ordered.slice(0, shown)
  const traffic = useMemo(
    () => [
      { label: 'attempts', points: lines.requests, tone: 'main', isFilled: true } as const,
      { label: 'failed', points: lines.failures, tone: 'bad' } as const
    ],
    [lines]
  )
  const times = useMemo(
    () => [
      { label: 'p99', points: lines.p99, tone: 'main' } as const,
      { label: 'p50', points: lines.p50, tone: 'soft' } as const
    ],
    [lines]
  )
  if (filter !== '' && found.length === 0) return null
  return (
    <section
      id={sectionId(name)}
      class="card group"
      tabIndex={-1}
      aria-labelledby={`${sectionId(name)}-name`}
    >
      <header class="group-head">
        <div class="group-title">
          <h2 id={`${sectionId(name)}-name`} class="clip" title={name}>
            {name}
          </h2>
          <button type="button" class="button quiet add" onClick={() => setAdding(true)}>
            <Icon name="plus" /> <span>Add backend</span>
            <span class="hidden"> to {name}</span>
          </button>
          <p class="badges">
            <span class="badge">{numbers.balancing}</span>
            <GroupBadges group={group} />
          </p>
        </div>
        <StatusBar group={group} />
        <div class="group-lines">
          <TimeLine title="Attempts/s" moments={moments} series={traffic} format={rate} />
          <TimeLine title="To the first byte" moments={moments} series={times} format={duration} />
        </div>
      </header>
      {backends.length === 0 ? (
        <p class="empty">No backend: requests to this group are answered 503.</p>
      ) : (
        <BackendTable group={group} backends={visible} />
      )}
      {ordered.length > visible.length && (
        <p class="more">
          <button type="button" class="button" onClick={() => setShown(shown + SHOWN.more)}>
            Show {count(Math.min(SHOWN.more, ordered.length - visible.length))} more of{' '}
            {counted(ordered.length, 'backend')}
          </button>
          <span class="soft">those with trouble come first</span>
        </p>
      )}
      {shown > SHOWN.first && ordered.length > SHOWN.first && (
        <p class="more">
          <button type="button" class="button quiet" onClick={() => setShown(SHOWN.first)}>
            Show fewer
          </button>
        </p>
      )}
      {isAdding && <AddBackendDialog group={name} onClose={() => setAdding(false)} />}
    </section>
  )
}

function isFound(group: string, { facts, numbers }: BackendState, filter: string): boolean {
  return [group, facts.id, facts.url, statusOf(numbers), numbers.reason].some((text) =>
    text.toLowerCase().includes(filter)
  )
}

/** What is out of the ordinary about a group as a whole. */
function GroupBadges({ group: { numbers, backends } }: { readonly group: GroupState }) {
  const { panic, breaker, waiting, concurrency, tiers } = numbers
  const isSpilling = tiers.length > 1
  return (
    <>
      {backends.length > 0 && tiers.every(({ share }) => share === 0) && (
        <span class="badge bad">nobody serves</span>
      )}
      {panic && (
        <span class="badge bad" title="Too few are healthy, so all are used">
          panic
        </span>
      )}
      {breaker !== null && (
        <span class={breaker === 'closed' ? 'badge' : 'badge bad'}>breaker {breaker}</span>
      )}
      {waiting > 0 && <span class="badge warn">{counted(waiting, 'request waits', 'requests wait')}</span>}
      {concurrency && (
        <span class={concurrency.underWay >= concurrency.limit ? 'badge warn' : 'badge'}>
          under way {count(concurrency.underWay)} of {count(concurrency.limit)}
        </span>
      )}
      {isSpilling &&
        tiers.map(({ tier, share }) => (
          <span key={tier} class="badge warn">
            tier {tier}: {percent(share)}
          </span>
        ))}
    </>
  )
}

/** How many backends are what, as a bar and in words. */
function StatusBar({ group: { backends } }: { readonly group: GroupState }) {
  const counts = countStatuses(backends)
  const present = STATUSES.toReversed().filter((status) => counts.has(status))
  return (
    <div class="status-bar-block">
      <div class="status-bar" aria-hidden="true">
        {present.map((status) => (
          <span key={status} class={`status-part part-${status}`} style={{ flexGrow: counts.get(status)! }} />
        ))}
      </div>
      <p class="status-words">
        {present.map((status) => (
          <span key={status}>
            <span class={`dot dot-${status}`} aria-hidden="true" />
            {count(counts.get(status)!)} {status}
          </span>
        ))}
      </p>
    </div>
  )
}
