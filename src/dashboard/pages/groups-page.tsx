import { useMemo, useState } from 'preact/hooks'
import { count, counted, duration, percent, rate, span } from '../model/format.ts'
import type { GroupState } from '../model/live-state.ts'
import { countStatuses } from '../model/status.ts'
import { useLive } from '../ui/hooks.ts'
import { Icon } from '../ui/icon.tsx'
import { TimeLine } from '../ui/time-line.tsx'
import { GroupSection, sectionId } from './group-section.tsx'
import { LastReloadNote } from './last-reload.tsx'

/** All groups with their backends. */
export function GroupsPage() {
  const { state } = useLive()
  const [filter, setFilter] = useState('')
  const groups = [...state.groups.values()]
  return (
    <>
      <LastReloadNote />
      <Overview groups={groups} />
      <div class="toolbar">
        <label class="search">
          <Icon name="search" />
          <span class="hidden">Filter backends</span>
          <input
            type="search"
            placeholder="Filter by group, backend, state or reason"
            value={filter}
            onInput={({ currentTarget }) => setFilter(currentTarget.value)}
          />
        </label>
        <span class="soft">rates and times of the last {state.window} s</span>
      </div>
      {groups.length === 0 && <p class="empty">No upstream group is configured.</p>}
      {groups.map((group) => (
        <GroupSection key={group.name} group={group} filter={filter.trim().toLowerCase()} />
      ))}
    </>
  )
}

function Overview({ groups }: { readonly groups: readonly GroupState[] }) {
  const { state } = useLive()
  const { total, lines, moments, gateway } = state
  const backends = groups.flatMap((group) => group.backends)
  const healthy = countStatuses(backends).get('healthy') ?? 0
  const isUneasy = healthy < backends.length
  // Of the last point that is drawn, so that both say the same.
  const [requests = null, failures = null] = [lines.requests.at(-1), lines.failures.at(-1)]
  const failing = requests ? (failures ?? 0) / requests : 0
  const traffic = useMemo(
    () => [
      { label: 'all', points: lines.requests, tone: 'main', isFilled: true } as const,
      { label: '5xx', points: lines.failures, tone: 'bad' } as const
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
  return (
    <section class="overview" aria-label="Overview">
      <div class="card tile wide">
        <p class="tile-title">Requests per second</p>
        <p class="tile-value">{rate(requests)}</p>
        <p class={failing > 0 ? 'tile-note bad' : 'tile-note'}>
          {rate(failures)} answered 5xx{failing > 0 && ` (${percent(failing)})`}
        </p>
        <TimeLine title="Requests/s" moments={moments} series={traffic} format={rate} height={60} />
      </div>
      <div class="card tile wide">
        <p class="tile-title">Time to answer, p99</p>
        <p class="tile-value">{duration(total.p99)}</p>
        <p class="tile-note">
          {total.p50 === null ? 'nothing was answered' : `half within ${duration(total.p50)}`}
        </p>
        <TimeLine title="Duration" moments={moments} series={times} format={duration} height={60} />
      </div>
      <div class="card tile">
        <p class="tile-title">Backends healthy</p>
        <p class={isUneasy ? 'tile-value bad' : 'tile-value'}>
          {count(healthy)}
          <span class="soft"> / {count(backends.length)}</span>
        </p>
        <Trouble groups={groups} />
      </div>
      <div class="card tile">
        <p class="tile-title">In flight</p>
        <p class="tile-value">{count(total.inFlight)}</p>
        {gateway && (
          <p class="tile-note">
            generation {count(gateway.generation)}, {workersText(gateway.workers)}, up for{' '}
            {span(state.at - gateway.startedAt)}
            {gateway.store !== null && (
              <span class="bad">
                , store <code>{gateway.store}</code>
              </span>
            )}
          </p>
        )}
      </div>
    </section>
  )
}

function workersText({
  configured,
  serving
}: {
  readonly configured: number
  readonly serving: number
}): string {
  return serving === configured ? counted(serving, 'thread') : `${serving} of ${configured} threads`
}

/** Where something is wrong, with a way there. */
function Trouble({ groups }: { readonly groups: readonly GroupState[] }) {
  const uneasy = groups
    .map((group) => ({
      name: group.name,
      words: [...countStatuses(group.backends)]
        .filter(([status]) => status !== 'healthy')
        .map(([status, number]) => `${count(number)} ${status}`)
    }))
    .filter(({ words }) => words.length > 0)
  if (uneasy.length === 0) return <p class="tile-note">all that there are</p>
  return (
    <ul class="trouble">
      {uneasy.slice(0, 4).map(({ name, words }) => (
        <li key={name}>
          <button
            type="button"
            class="link"
            onClick={() => document.querySelector<HTMLElement>(`#${CSS.escape(sectionId(name))}`)?.focus()}
          >
            <span class="clip">{name}</span>
          </button>
          <span>{words.join(', ')}</span>
        </li>
      ))}
      {uneasy.length > 4 && <li class="soft">and {counted(uneasy.length - 4, 'group')} more</li>}
    </ul>
  )
}
