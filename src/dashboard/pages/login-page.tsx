import { useEffect, useRef, useState } from 'preact/hooks'
import type { SessionView } from '../model/admin-types.ts'
import { ask } from '../net/api.ts'
import { Icon } from '../ui/icon.tsx'
import { ThemeButton } from '../ui/theme.tsx'

/** What the login says and does. */
export interface LoginProps {
  /** Why one has to log in again. */
  readonly notice: string
  readonly onLogin: (session: SessionView) => void
}

/** Asks for a token, which the browser gets a session for: the token itself is kept nowhere. */
export function LoginPage({ notice, onLogin }: LoginProps) {
  const field = useRef<HTMLInputElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  useEffect(() => field.current?.focus(), [])

  const logIn = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const token = field.current!.value.trim()
    const { ok, body, detail } = await ask<SessionView>('/api/session', { method: 'POST', body: { token } })
    setBusy(false)
    if (ok && body) return onLogin(body)
    setProblem(detail)
    field.current!.select()
    return undefined
  }
  return (
    <main class="login">
      <form class="card login-card" onSubmit={(event) => void logIn(event)}>
        <header>
          <h1 class="brand">
            <span class="brand-text">
              XecureAPI <i>Gateway</i>
            </span>
          </h1>
          <ThemeButton />
        </header>
        {notice !== '' && problem === '' && <p class="note">{notice}</p>}
        <label for="token">Token of the admin API</label>
        <input
          ref={field}
          id="token"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          required
          maxLength={4096}
          aria-describedby="token-hint token-problem"
          aria-invalid={problem !== ''}
        />
        <p id="token-problem" class="problem" role="alert">
          {problem !== '' && (
            <>
              <Icon name="warning" /> {problem}
            </>
          )}
        </p>
        <button type="submit" class="button primary" disabled={isBusy}>
          {isBusy ? 'Logging in …' : 'Log in'}
        </button>
        <p id="token-hint" class="soft">
          One of <code>admin.tokens</code> in the configuration. The session lasts eight hours at most.
        </p>
      </form>
    </main>
  )
}
