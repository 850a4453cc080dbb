import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { SessionView } from './model/admin-types.ts'
import { ask, whenLoggedOut } from './net/api.ts'
import { Dashboard } from './dashboard.tsx'
import { LoginPage } from './pages/login-page.tsx'
import { Toasts } from './ui/toasts.tsx'

/** Who looks: nobody knows yet, nobody who may, somebody, or the gateway can't be asked. */
type Visitor = 'unknown' | 'stranger' | 'unreachable' | SessionView

/** Between two questions whether the gateway is back, in milliseconds. */
const RETRY = 2_000

/** The login where one is needed, else the dashboard. */
export function App() {
  const [visitor, setVisitor] = useState<Visitor>('unknown')
  const [notice, setNotice] = useState('')
  /** Whether they left by themselves: then nothing else is to be said of it. */
  const hasLeft = useRef(false)
  const tellOfEnd = useCallback(() => {
    if (!hasLeft.current) setNotice('The session is over. Please log in again.')
  }, [])

  const check = useCallback(async (): Promise<boolean> => {
    const { ok, status, body } = await ask<SessionView>('/api/session')
    if (ok && body) setVisitor(body)
    else if (status === 401) setVisitor('stranger')
    else setVisitor((now) => (now === 'unknown' || now === 'unreachable' ? 'unreachable' : now))
    return status !== 401
  }, [])

  useEffect(() => {
    whenLoggedOut(() => {
      tellOfEnd()
      setVisitor('stranger')
    })
    void check()
  }, [check, tellOfEnd])

  useEffect(() => {
    if (visitor !== 'unreachable') return undefined
    const timer = setInterval(() => void check(), RETRY)
    return () => clearInterval(timer)
  }, [visitor, check])

  const isWelcome = useCallback(async () => {
    const isKnown = await check()
    if (!isKnown) tellOfEnd()
    return isKnown
  }, [check, tellOfEnd])

  if (visitor === 'unknown') return <p class="splash">Asking the gateway …</p>
  if (visitor === 'unreachable') {
    return (
      <p class="splash" role="alert">
        The gateway can’t be reached. Trying again …
      </p>
    )
  }
  return (
    <Toasts>
      {visitor === 'stranger' ? (
        <LoginPage
          notice={notice}
          onLogin={(session) => {
            hasLeft.current = false
            setVisitor(session)
          }}
        />
      ) : (
        <Dashboard
          session={visitor}
          isWelcome={isWelcome}
          onLogout={() => {
            hasLeft.current = true
            setNotice('You are logged out.')
            setVisitor('stranger')
          }}
        />
      )}
    </Toasts>
  )
}
