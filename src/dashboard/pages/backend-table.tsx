import { useCallback, useState } from 'preact/hooks'
import type { BackendState, GroupState } from '../model/live-state.ts'
import { useLive } from '../ui/hooks.ts'
import { BackendPanel } from './backend-panel.tsx'
import { BackendRow } from './backend-row.tsx'
import { type Act, ActDialog } from '../acts/act-dialog.tsx'

/** Backends whose shares are large enough to be seen. */
const FEW = 5

/** Backends that are shown of a group. */
export interface BackendTableProps {
  readonly group: GroupState
  readonly backends: readonly BackendState[]
}

/**
 * The backends of a group, a row each. On a narrow page rows are boxes, which takes the meaning of a table away unless the
 * roles say it.
 */
export function BackendTable({ group, backends }: BackendTableProps) {
  const { at } = useLive().state
  const [open, setOpen] = useState<string | null>(null)
  const [act, setAct] = useState<{ readonly id: string; readonly act: Act } | null>(null)
  const onAct = useCallback((id: string, next: Act) => setAct({ id, act: next }), [])
  const find = (id: string | undefined) => group.backends.find(({ facts }) => facts.id === id)
  const fullShare = fullShareOf(group)
  const opened = find(open ?? undefined)
  const acting = find(act?.id)
  return (
    <>
      <table class="backends" role="table" aria-label={`Backends of ${group.name}`}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              State
            </th>
            <th role="columnheader" scope="col">
              Backend
            </th>
            <th
              role="columnheader"
              scope="col"
              title="Of the group's new requests, as weights, tiers and health have it"
            >
              Share
            </th>
            <th role="columnheader" scope="col" class="number">
              In flight
            </th>
            <th role="columnheader" scope="col" class="number">
              Attempts/s
            </th>
            <th role="columnheader" scope="col" class="number">
              Failed/s
            </th>
            <th role="columnheader" scope="col" class="number">
              p50
            </th>
            <th role="columnheader" scope="col" class="number">
              p99
            </th>
            <th role="columnheader" scope="col">
              <span class="hidden">Acts</span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {backends.map((backend) => (
            <BackendRow
              key={backend.facts.id}
              backend={backend}
              now={at}
              fullShare={fullShare}
              onOpen={setOpen}
              onAct={onAct}
            />
          ))}
        </tbody>
      </table>
      {opened && (
        <BackendPanel
          group={group}
          backend={opened}
          onClose={() => setOpen(null)}
          onAct={(next) => {
            setOpen(null)
            setAct({ id: opened.facts.id, act: next })
          }}
        />
      )}
      {acting && act && (
        <ActDialog group={group} backend={acting} act={act.act} onClose={() => setAct(null)} />
      )}
    </>
  )
}

/** Of few backends the bar is for the whole; of many, whose shares are all small, for the largest. */
function fullShareOf({ backends }: GroupState): number {
  if (backends.length <= FEW) return 1
  return backends.reduce((largest, { numbers }) => Math.max(largest, numbers.share), 0) || 1
}
