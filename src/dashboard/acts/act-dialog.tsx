import { useId, useState } from 'preact/hooks'
import type { ChangedBackend } from '../model/admin-types.ts'
import { counted, percent } from '../model/format.ts'
import type { BackendState, GroupState } from '../model/live-state.ts'
import { statusOf } from '../model/status.ts'
import { type Answer, ask, backendPath } from '../net/api.ts'
import { Dialog } from '../ui/dialog.tsx'
import { AnswerNote, DialogButtons } from '../ui/dialog-parts.tsx'
import { useToast } from '../ui/toasts.tsx'

/** What can be done with a backend. */
export type Act = 'drain' | 'enable' | 'disable' | 'weight' | 'remove'

const WORDS: Readonly<Record<Act, { readonly title: string; readonly confirm: string }>> = {
  drain: { title: 'Drain', confirm: 'Drain' },
  enable: { title: 'Enable', confirm: 'Enable' },
  disable: { title: 'Disable', confirm: 'Disable' },
  weight: { title: 'Change the weight of', confirm: 'Change weight' },
  remove: { title: 'Remove', confirm: 'Remove' }
}

/** What an act is about. */
export interface ActDialogProps {
  readonly group: GroupState
  readonly backend: BackendState
  readonly act: Act
  readonly onClose: () => void
}

/** Says what an act will do, asks, does it, and shows what the gateway answered. */
export function ActDialog({ group, backend, act, onClose }: ActDialogProps) {
  const say = useToast()
  const { facts, numbers } = backend
  const weightId = useId()
  // What it was when the question was asked: others may change it meanwhile.
  const [version] = useState(facts.version)
  const [weight, setWeight] = useState(String(facts.weight))
  const [isAtOnce, setAtOnce] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [answer, setAnswer] = useState<Answer | null>(null)
  const { title, confirm } = WORDS[act]

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const given = await request(group.name, facts.id, act, { weight: Number(weight), isAtOnce, version })
    setBusy(false)
    if (!given.ok || !given.body) return setAnswer(given)
    say({ kind: 'done', text: outcome(act, facts.id, given.status, given.body) })
    onClose()
    return undefined
  }
  return (
    <Dialog title={`${title} ${facts.id}?`} onClose={onClose}>
      <form onSubmit={(event) => void send(event)}>
        <p>{effect(act, group, backend)}</p>
        {act !== 'enable' && act !== 'weight' && isLast(group, backend) && (
          <p class="banner small">
            Nobody else of {group.name} is healthy: its requests will be answered 503.
          </p>
        )}
        {act === 'weight' && (
          <p class="field">
            <label for={weightId}>Weight, 0 to 1000 (now {facts.weight})</label>
            <input
              id={weightId}
              type="number"
              min="0"
              max="1000"
              step="1"
              required
              value={weight}
              onInput={({ currentTarget }) => setWeight(currentTarget.value)}
            />
          </p>
        )}
        {act === 'remove' && (
          <label class="check">
            <input
              type="checkbox"
              checked={isAtOnce}
              onChange={({ currentTarget }) => setAtOnce(currentTarget.checked)}
            />
            At once, without waiting for {counted(numbers.inFlight, 'request')} in flight
          </label>
        )}
        <AnswerNote answer={answer} />
        <DialogButtons
          confirm={confirm}
          isBusy={isBusy}
          isDanger={act === 'remove' || act === 'disable'}
          onClose={onClose}
        />
      </form>
    </Dialog>
  )
}

interface ActDetails {
  readonly weight: number
  readonly isAtOnce: boolean
  readonly version: number
}

function request(group: string, id: string, act: Act, details: ActDetails): Promise<Answer<ChangedBackend>> {
  const path = backendPath(group, id)
  if (act === 'remove') return ask(details.isAtOnce ? `${path}?now=true` : path, { method: 'DELETE' })
  if (act === 'weight') {
    return ask(path, {
      method: 'PATCH',
      body: { weight: details.weight },
      // A weight that somebody else has just set is not overwritten unseen.
      headers: { 'if-match': `"${details.version}"` }
    })
  }
  const state = { drain: 'draining', enable: 'active', disable: 'disabled' }[act]
  return ask(path, { method: 'PATCH', body: { state } })
}

function effect(act: Act, group: GroupState, { numbers, facts }: BackendState): string {
  const share = percent(numbers.share)
  const rest =
    numbers.inFlight === 0
      ? 'Nothing is in flight.'
      : `${counted(numbers.inFlight, 'request')} in flight will end in their own time.`
  const effects: Readonly<Record<Act, string>> = {
    drain: `New requests go to the others of ${group.name}; it has ${share} of them now. Its sessions stay. ${rest}`,
    disable: `It gets nothing at all any more, and its sessions move; it has ${share} of new requests now. ${rest}`,
    enable:
      numbers.health === 'healthy'
        ? `It gets its share of the new requests of ${group.name} again.`
        : `It is unhealthy (${numbers.reason}): it gets requests again once it is well.`,
    weight: `Its share of new requests follows its weight beside the others’; now it has ${share}. With 0 it keeps the sessions that it has.`,
    remove: `It is drained, then it leaves ${group.name}. What registers itself (${facts.url}) may come back by itself.`
  }
  return effects[act]
}

/** Whether all others of the group are out of service. */
function isLast(group: GroupState, { facts, numbers }: BackendState): boolean {
  if (statusOf(numbers) !== 'healthy') return false
  return group.backends.every((other) => other.facts.id === facts.id || statusOf(other.numbers) !== 'healthy')
}

function outcome(act: Act, id: string, status: number, body: ChangedBackend): string {
  const what = {
    drain: `is ${body.state ?? 'draining'}`,
    enable: `is ${body.state ?? 'active'}`,
    disable: `is ${body.state ?? 'disabled'}`,
    weight: `has weight ${body.weight ?? ''}`,
    remove: body.leaving === undefined ? 'is removed' : 'is on its way out'
  }[act]
  return `${id} ${what} (${status}, generation ${body.generation})`
}
