import { useEffect, useState } from 'preact/hooks'
import type { ReloadResult } from '../model/admin-types.ts'
import { counted } from '../model/format.ts'
import { type Answer, ask } from '../net/api.ts'
import { ErrorList } from '../pages/last-reload.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { AnswerNote, DialogButtons } from '../ui/dialog-parts.tsx'
import { useToast } from '../ui/toasts.tsx'

interface Validity {
  readonly valid: boolean
  readonly errors: readonly { readonly text: string }[]
}

/** Shows whether the file as it is now is valid, asks, applies it, and shows what came of it. */
export function ReloadDialog({ onClose }: { readonly onClose: () => void }) {
  const say = useToast()
  const [validity, setValidity] = useState<Answer<Validity>>()
  const [answer, setAnswer] = useState<Answer<ReloadResult> | null>(null)
  const [isBusy, setBusy] = useState(false)

  useEffect(() => {
    void ask<Validity>('/api/config/validate', { method: 'POST' }).then(setValidity)
  }, [])

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const given = await ask<ReloadResult>('/api/config/reload', { method: 'POST' })
    setBusy(false)
    if (!given.ok || !given.body) return setAnswer(given)
    const { outcome, generation } = given.body
    const what = outcome === 'unchanged' ? 'The file is what serves already' : 'The configuration is applied'
    say({ kind: 'done', text: `${what} (${given.status} ${outcome}, generation ${generation})` })
    onClose()
    return undefined
  }
  const failed = answer?.status === 422 ? answer.body : null
  return (
    <Dialog title="Reload the configuration?" onClose={onClose}>
      <form onSubmit={(event) => void send(event)}>
        <p>
          The file as it is now is read, checked whole, and taken over by all threads at once, or by none.
          What is in flight goes on.
        </p>
        {failed ? (
          <div role="alert">
            <p class="problem">
              <b>{answer!.status}:</b> it failed; generation {failed.generation} goes on serving.
            </p>
            <ErrorList errors={failed.errors} />
          </div>
        ) : (
          <ValidityNote answer={validity} />
        )}
        {!failed && <AnswerNote answer={answer} />}
        <DialogButtons confirm="Reload" isBusy={isBusy} onClose={onClose} />
      </form>
    </Dialog>
  )
}

function ValidityNote({ answer }: { readonly answer: Answer<Validity> | undefined }) {
  if (!answer) return <p class="soft">Checking the file …</p>
  if (!answer.ok || !answer.body) return <AnswerNote answer={answer} />
  const { valid, errors } = answer.body
  if (valid) return <p class="good">The file is valid.</p>
  return (
    <>
      <p class="problem">
        The file has {counted(errors.length, 'error')}: a reload will fail and change nothing.
      </p>
      <ErrorList errors={errors.map(({ text }) => text)} />
    </>
  )
}
