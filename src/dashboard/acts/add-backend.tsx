import { useId, useState } from 'preact/hooks'
import type { ChangedBackend } from '../model/admin-types.ts'
import { type Answer, ask } from '../net/api.ts'
import { Dialog } from '../ui/dialog.tsx'
import { AnswerNote, DialogButtons } from '../ui/dialog-parts.tsx'
import { fieldText } from '../ui/form.ts'
import { useToast } from '../ui/toasts.tsx'

/** Registers a backend in a group. */
export function AddBackendDialog({
  group,
  onClose
}: {
  readonly group: string
  readonly onClose: () => void
}) {
  const say = useToast()
  const urlId = useId()
  const [isBusy, setBusy] = useState(false)
  const [answer, setAnswer] = useState<Answer | null>(null)

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    const given = await ask<ChangedBackend>(`/api/upstreams/${encodeURIComponent(group)}/backends`, {
      method: 'POST',
      body: registrationOf(form)
    })
    setBusy(false)
    if (!given.ok || !given.body) return setAnswer(given)
    const { id, generation } = given.body
    const what = given.status === 201 ? 'was added to' : 'was there already in'
    say({ kind: 'done', text: `${id} ${what} ${group} (${given.status}, generation ${generation})` })
    onClose()
    return undefined
  }
  return (
    <Dialog title={`Add a backend to ${group}`} onClose={onClose}>
      <form onSubmit={(event) => void send(event)}>
        <p class="field">
          <label for={urlId}>URL</label>
          <input
            id={urlId}
            name="url"
            type="url"
            required
            placeholder="http://10.0.0.13:3001"
            autocomplete="off"
            spellcheck={false}
          />
        </p>
        <div class="fields">
          <NumberField name="weight" label="Weight" max={1000} value="1" />
          <NumberField name="tier" label="Tier" max={15} value="0" />
          <NumberField name="maxInFlight" label="Most in flight" max={1_000_000} value="0" />
        </div>
        <p class="soft">
          0 in flight is no cap. It stays until it is removed, over restarts too; where the group has a health
          check, it gets requests after its first good probe.
        </p>
        <AnswerNote answer={answer} />
        <DialogButtons confirm="Add backend" isBusy={isBusy} onClose={onClose} />
      </form>
    </Dialog>
  )
}

function registrationOf(form: FormData): object {
  const number = (name: string): number => Number(fieldText(form, name))
  return {
    url: fieldText(form, 'url'),
    weight: number('weight'),
    tier: number('tier'),
    maxInFlight: number('maxInFlight')
  }
}

interface NumberFieldProps {
  readonly name: string
  readonly label: string
  readonly max: number
  readonly value: string
}

function NumberField({ name, label, max, value }: NumberFieldProps) {
  const id = useId()
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <input id={id} name={name} type="number" required min={0} max={max} defaultValue={value} />
    </p>
  )
}
