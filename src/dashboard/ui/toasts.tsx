import { type ComponentChildren, createContext } from 'preact'
import { useCallback, useContext, useEffect, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** A short word of what came of something. */
export interface Toast {
  readonly kind: 'done' | 'failed'
  readonly text: string
}

/** How long one is shown, in milliseconds: long enough to be read twice. */
const LIFE = 8_000

const ToastContext = createContext<(toast: Toast) => void>(() => {})

/** Says something at the edge of the page. */
export function useToast(): (toast: Toast) => void {
  return useContext(ToastContext)
}

/** Shows what its children say, and reads it out. */
export function Toasts({ children }: { readonly children: ComponentChildren }) {
  const [shown, setShown] = useState<readonly (Toast & { readonly key: number })[]>([])
  const say = useCallback((toast: Toast) => {
    setShown((now) => [...now.slice(-3), { ...toast, key: performance.now() }])
  }, [])
  const drop = useCallback((key: number) => setShown((now) => now.filter((toast) => toast.key !== key)), [])
  return (
    <ToastContext.Provider value={say}>
      {children}
      <div class="toasts" role="status" aria-live="polite" aria-label="What was done">
        {shown.map((toast) => (
          <ToastLine key={toast.key} toast={toast} onEnd={() => drop(toast.key)} />
        ))}
      </div>
    </ToastContext.Provider>
  )
}

function ToastLine({ toast, onEnd }: { readonly toast: Toast; readonly onEnd: () => void }) {
  useEffect(() => {
    const timer = setTimeout(onEnd, LIFE)
    return () => clearTimeout(timer)
    // Once, whoever renders.
  }, [])
  return (
    <div class={`toast toast-${toast.kind}`}>
      <Icon name={toast.kind === 'done' ? 'healthy' : 'warning'} />
      <span>{toast.text}</span>
      <button type="button" class="icon-button" aria-label="Dismiss" onClick={onEnd}>
        <Icon name="close" />
      </button>
    </div>
  )
}
