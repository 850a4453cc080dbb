import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** What a dialog is. */
export interface DialogProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly onClose: () => void
  /** Takes the side of the page, for what is more than a question. */
  readonly isPanel?: boolean
}

/**
 * A modal dialog of the browser's own: it keeps the focus within, closes on Escape, and gives the focus back to where it
 * was.
 */
export function Dialog({ title, children, onClose, isPanel = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const dialog = ref.current!
    const before = document.activeElement
    dialog.showModal()
    return () => {
      dialog.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
      // What opened it may be gone, as a button is that has done its work.
      else document.querySelector<HTMLElement>('main')?.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      class={isPanel ? 'dialog panel' : 'dialog'}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose()
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
