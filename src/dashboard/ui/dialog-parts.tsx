import type { Answer } from '../net/api.ts'
import { Icon } from './icon.tsx'

/** What the gateway answered, if that is not what was asked for. */
export function AnswerNote({ answer }: { readonly answer: Answer | null }) {
  return (
    <div class="answer" role="alert">
      {answer && !answer.ok && (
        <p class="problem">
          <Icon name="warning" />
          <span>
            {answer.status > 0 && <b>{answer.status}: </b>}
            {answer.detail}
            {answer.requestId && <span class="soft request-id">request {answer.requestId}</span>}
          </span>
        </p>
      )}
    </div>
  )
}

/** The ways out of a dialog that asks. */
export interface DialogButtonsProps {
  readonly confirm: string
  readonly isBusy: boolean
  readonly isDanger?: boolean
  readonly onClose: () => void
}

/** "Cancel", which Enter never means, and the button that does it. */
export function DialogButtons({ confirm, isBusy, isDanger = false, onClose }: DialogButtonsProps) {
  return (
    <div class="dialog-buttons">
      <button type="button" class="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" class={isDanger ? 'button danger' : 'button primary'} disabled={isBusy}>
        {isBusy ? 'Asking …' : confirm}
      </button>
    </div>
  )
}
