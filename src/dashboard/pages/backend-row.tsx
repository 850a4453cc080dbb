import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Act } from '../acts/act-dialog.tsx'
import { count, duration, percent, rate, span } from '../model/format.ts'
import type { BackendState } from '../model/live-state.ts'
import { type Status, statusOf } from '../model/status.ts'
import { Icon } from '../ui/icon.tsx'
import { LongName } from '../ui/long-name.tsx'

/** A backend of a {@link BackendTable}. */
export interface BackendRowProps {
  readonly backend: BackendState
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The share that fills the bar. */
  readonly fullShare: number
  readonly onOpen: (id: string) => void
  readonly onAct: (id: string, act: Act) => void
}

/** One backend: what it is and does, and what can be done with it. */
export function BackendRow({ backend, now, fullShare, onOpen, onAct }: BackendRowProps) {
  const since = sinceText(backend, now)
  // Of a thousand rows those that say the same as before are not looked at.
  return useMemo(
    () => rowOf(backend, since, fullShare, onOpen, onAct),
    [backend, since, fullShare, onOpen, onAct]
  )
}

function rowOf(
  backend: BackendState,
  since: string,
  fullShare: number,
  onOpen: BackendRowProps['onOpen'],
  onAct: BackendRowProps['onAct']
): JSX.Element {
  const { facts, numbers } = backend
  const { id } = facts
  const isActive = numbers.state === 'active'
  const hasFailures = (numbers.failures ?? 0) > 0
  return (
    <tr role="row" class={`row-${statusOf(numbers)}`}>
      <td role="cell" class="cell-state">
        <StatusWords backend={backend} since={since} />
      </td>
      <th role="rowheader" scope="row" class="cell-id">
        <button type="button" class="link" title={facts.url} aria-label={id} onClick={() => onOpen(id)}>
          <LongName name={id} />
        </button>
        {facts.source !== 'file' && <span class="badge small">{facts.source}</span>}
      </th>
      <td role="cell" class="cell-share" data-label="Share">
        <span class="share">
          <span class="share-bar" aria-hidden="true">
            <span style={{ width: `${(100 * numbers.share) / fullShare}%` }} />
          </span>
          <span class="share-number">{percent(numbers.share)}</span>
        </span>
      </td>
      <td role="cell" class="number" data-label="In flight">
        {count(numbers.inFlight)}
        {facts.maxInFlight > 0 && <span class="soft"> / {count(facts.maxInFlight)}</span>}
      </td>
      <td role="cell" class="number" data-label="Attempts/s">
        {rate(numbers.requests)}
      </td>
      <td role="cell" class={hasFailures ? 'number bad' : 'number'} data-label="Failed/s">
        {rate(numbers.failures)}
      </td>
      <td role="cell" class="number" data-label="p50">
        {duration(numbers.p50)}
      </td>
      <td role="cell" class="number" data-label="p99">
        {duration(numbers.p99)}
      </td>
      <td role="cell" class="cell-acts">
        <button
          type="button"
          class="button small"
          aria-label={`${isActive ? 'Drain' : 'Enable'} ${id}`}
          onClick={() => onAct(id, isActive ? 'drain' : 'enable')}
        >
          {isActive ? 'Drain' : 'Enable'}
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={`More about ${id}`}
          title="More"
          onClick={() => onOpen(id)}
        >
          <Icon name="more" />
        </button>
      </td>
    </tr>
  )
}

/** What a backend is, why, and since when; see {@link sinceText}. */
export function StatusWords({ backend, since }: { readonly backend: BackendState; readonly since: string }) {
  const { numbers } = backend
  const status = statusOf(numbers)
  return (
    <span class="status">
      <span class={`status-icon icon-${status}`}>
        <Icon name={status} />
      </span>
      <span class="status-text">
        <b>{status}</b>
        <span class="soft status-why">
          {isOut(status) && `${numbers.health}, `}
          <code>{why(status, backend)}</code> {since}
        </span>
      </span>
    </span>
  )
}

/** What an operator took out is well or ill besides. */
function isOut(status: Status): boolean {
  return status === 'draining' || status === 'disabled'
}

function why(status: Status, { numbers }: BackendState): string {
  return status === 'leaving' ? numbers.leaving! : numbers.reason
}

/** How long a backend has been what it is, or how long it will be. @param now - Milliseconds since the epoch. */
export function sinceText({ numbers }: BackendState, now: number): string {
  const status = statusOf(numbers)
  if (status === 'ejected') return `${span(numbers.ejectedUntil! - now)} left`
  if (status === 'leaving') return ''
  return span(now - numbers.since)
}
