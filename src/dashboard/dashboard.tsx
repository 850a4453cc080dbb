import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { ReloadDialog } from './acts/reload-dialog.tsx'
import type { SessionView } from './model/admin-types.ts'
import { moment } from './model/format.ts'
import { ask } from './net/api.ts'
import { EventsPage } from './pages/events-page.tsx'
import { ExplainPage } from './pages/explain-page.tsx'
import { GroupsPage } from './pages/groups-page.tsx'
import { LimitsPage } from './pages/limits-page.tsx'
import { RoutesPage } from './pages/routes-page.tsx'
import { LiveContext, useHash, useLive, useLiveStream } from './ui/hooks.ts'
import { Icon } from './ui/icon.tsx'
import { ThemeButton } from './ui/theme.tsx'

const PAGES: readonly {
  readonly name: string
  readonly title: string
  readonly page: () => ComponentChildren
}[] = [
  { name: '', title: 'Groups', page: () => <GroupsPage /> },
  { name: 'routes', title: 'Routes', page: () => <RoutesPage /> },
  { name: 'limits', title: 'Limits', page: () => <LimitsPage /> },
  { name: 'events', title: 'Events', page: () => <EventsPage /> },
  { name: 'explain', title: 'Explain', page: () => <ExplainPage /> }
]

/** What the dashboard is made for. */
export interface DashboardProps {
  readonly session: SessionView
  readonly isWelcome: () => Promise<boolean>
  readonly onLogout: () => void
}

/** The page of somebody who may see it. */
export function Dashboard({ session, isWelcome, onLogout }: DashboardProps) {
  const live = useLiveStream(isWelcome)
  const hash = useHash()
  const [isReloading, setReloading] = useState(false)
  const current = PAGES.find(({ name }) => name === hash) ?? PAGES[0]!
  const isStale = live.connection === 'away' || live.connection === 'paused'
  return (
    <LiveContext.Provider value={live}>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <header class="top">
        <div class="top-row">
          <h1 class="brand">
            <img src={icon} alt="" width="24" height="24" />
            <span class="brand-text">
              XecureAPI <i>Gateway</i>
            </span>
          </h1>
          <ConnectionState />
          <div class="top-acts">
            <button type="button" class="button" onClick={() => setReloading(true)}>
              <Icon name="reload" /> <span>Reload</span>
            </button>
            <ThemeButton />
            {session.operator !== null && <LogoutButton name={session.operator} onLogout={onLogout} />}
          </div>
        </div>
        <nav class="tabs" aria-label="Pages">
          {PAGES.map(({ name, title }) => (
            <a key={name} href={`#/${name}`} aria-current={name === current.name ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
      </header>
      <main id="content" class={isStale ? 'stale' : ''} tabIndex={-1}>
        {live.state.at === 0 ? <p class="splash">Waiting for the first numbers …</p> : current.page()}
      </main>
      {isReloading && <ReloadDialog onClose={() => setReloading(false)} />}
    </LiveContext.Provider>
  )
}

/** Not by the address, which says the page. */
function skipToContent(event: Event): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#content')?.focus()
}

function ConnectionState() {
  const { state, connection } = useLive()
  const { gateway } = state
  const words = {
    connecting: 'connecting …',
    live: gateway === null ? 'live' : gateway.status === 'not_ready' ? 'not ready' : gateway.status,
    away: 'no connection, trying again …',
    paused: 'paused'
  }[connection]
  const tone =
    connection === 'live'
      ? gateway?.status === 'ready'
        ? 'good'
        : 'warn'
      : connection === 'away'
        ? 'bad'
        : 'dull'
  return (
    <p class={`state state-${tone}`} role="status">
      <span class="state-dot" aria-hidden="true" />
      {words}
      {connection === 'live' && gateway?.reason && <code>{gateway.reason}</code>}
      {connection === 'away' && state.at > 0 && (
        <span>the last numbers are of {moment(state.at, Date.now())}</span>
      )}
    </p>
  )
}

function LogoutButton({ name, onLogout }: { readonly name: string; readonly onLogout: () => void }) {
  const logOut = async (): Promise<void> => {
    const { ok, status } = await ask('/api/session', { method: 'DELETE' })
    if (ok || status === 401) onLogout()
  }
  return (
    <button type="button" class="button quiet" title={`Logged in as ${name}`} onClick={() => void logOut()}>
      <Icon name="logout" /> <span>Log out {name}</span>
    </button>
  )
}

const icon = new URL('icon.svg', import.meta.url).href
