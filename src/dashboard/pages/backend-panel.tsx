import type { ComponentChildren } from 'preact'
import type { Act } from '../acts/act-dialog.tsx'
import { count, duration, moment, percent, rate, span } from '../model/format.ts'
import type { BackendState, GroupState } from '../model/live-state.ts'
import { Dialog } from '../ui/dialog.tsx'
import { useLive } from '../ui/hooks.ts'
import { sinceText, StatusWords } from './backend-row.tsx'

/** A backend with all that is known of it. */
export interface BackendPanelProps {
  readonly group: GroupState
  readonly backend: BackendState
  readonly onClose: () => void
  readonly onAct: (act: Act) => void
}

/** Everything about one backend, live, and all that can be done with it. */
export function BackendPanel({ group, backend, onClose, onAct }: BackendPanelProps) {
  const { at, window } = useLive().state
  const { facts, numbers } = backend
  const isOwn = facts.source === 'registration'
  return (
    <Dialog title={facts.id} onClose={onClose} isPanel>
      <p class="panel-state">
        <StatusWords backend={backend} since={sinceText(backend, at)} />
      </p>
      <div class="acts">
        {numbers.state !== 'active' && <ActButton onClick={() => onAct('enable')}>Enable</ActButton>}
        {numbers.state !== 'draining' && <ActButton onClick={() => onAct('drain')}>Drain</ActButton>}
        {numbers.state !== 'disabled' && <ActButton onClick={() => onAct('disable')}>Disable</ActButton>}
        {isOwn && <ActButton onClick={() => onAct('weight')}>Change weight</ActButton>}
        {isOwn && numbers.leaving === null && (
          <button type="button" class="button danger" onClick={() => onAct('remove')}>
            Remove
          </button>
        )}
      </div>
      {!isOwn && (
        <p class="note">
          {facts.source === 'file'
            ? 'The configuration file names it: its weight is changed there, and so is whether it is there at all.'
            : 'It was discovered: whether it is there, and its weight, are a matter of the discovery.'}
        </p>
      )}
      <dl class="facts">
        <Fact name="Group">{group.name}</Fact>
        <Fact name="URL">
          <code>{facts.url}</code>
        </Fact>
        <Fact name="State">{numbers.state}</Fact>
        <Fact name="Health">
          {numbers.health}, <code>{numbers.reason}</code>
        </Fact>
        <Fact name="Since">
          {moment(numbers.since, at)} ({span(at - numbers.since)})
        </Fact>
        {numbers.ejectedUntil !== null && (
          <Fact name="Ejected until">{moment(numbers.ejectedUntil, at)}</Fact>
        )}
        {numbers.leaving !== null && (
          <Fact name="Leaving">
            <code>{numbers.leaving}</code>
          </Fact>
        )}
        <Fact name="Share of new requests">{percent(numbers.share)}</Fact>
        <Fact name="Weight, tier">
          {count(facts.weight)}, tier {facts.tier}
        </Fact>
        <Fact name="In flight">
          {count(numbers.inFlight)}
          {facts.maxInFlight > 0 ? ` of at most ${count(facts.maxInFlight)}` : ', no cap'}
        </Fact>
        <Fact name={`Attempts/s, failed/s (${window} s)`}>
          {rate(numbers.requests)}, {rate(numbers.failures)}
        </Fact>
        <Fact name={`p50, p99 (${window} s)`}>
          {duration(numbers.p50)}, {duration(numbers.p99)}
        </Fact>
        <Fact name="Attempts, failed so far">
          {count(numbers.attempts)}, {count(numbers.failed)}
        </Fact>
        <Fact name="Failures in a row">{count(numbers.failuresInRow)}</Fact>
        <Fact name="Moving average">{duration(numbers.latency)}</Fact>
        {numbers.utilization !== null && <Fact name="Reported load">{percent(numbers.utilization)}</Fact>}
        <Fact name="Source">
          {facts.source}
          {facts.ttl !== null && `, lease of ${span(facts.ttl * 1000)}`}
        </Fact>
      </dl>
    </Dialog>
  )
}

function ActButton({
  onClick,
  children
}: {
  readonly onClick: () => void
  readonly children: ComponentChildren
}) {
  return (
    <button type="button" class="button" onClick={onClick}>
      {children}
    </button>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
