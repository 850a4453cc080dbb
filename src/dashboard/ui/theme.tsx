import { useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** What the page looks like: as the system does, or one of the two. */
export type Theme = 'system' | 'light' | 'dark'

const KEY = 'xecureapi-theme'
const NEXT: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' }

/** What was chosen before. */
export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY)
    return stored === 'light' || stored === 'dark' ? stored : 'system'
  } catch {
    return 'system'
  }
}

/** Makes the page look so. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // It holds until the page is loaded again.
  }
  document.dispatchEvent(new Event('themechange'))
}

/** Goes round: system, dark, light. */
export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme)
  const next = NEXT[theme]
  return (
    <button
      type="button"
      class="icon-button"
      title={`Theme: ${theme}`}
      aria-label={`Theme: ${theme}. Change to ${next}`}
      onClick={() => {
        applyTheme(next)
        setTheme(next)
      }}
    >
      <Icon name={theme === 'dark' ? 'moon' : theme === 'light' ? 'sun' : 'contrast'} />
    </button>
  )
}
