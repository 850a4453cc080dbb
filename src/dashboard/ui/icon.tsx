/** Paths in a box of 16, drawn by lines of 1.6. */
const PATHS = {
  healthy: 'M3.5 8.5l3 3 6-7',
  unhealthy: 'M4 4l8 8M12 4l-8 8',
  ejected: 'M8 2.5v7M8 12.6v.4',
  draining: 'M8 2.5v10M4 9l4 4 4-4',
  disabled: 'M5.5 3.5v9M10.5 3.5v9',
  leaving: 'M3 8h9M8.5 4.5L12 8l-3.5 3.5',
  sun: 'M8 5a3 3 0 100 6 3 3 0 000-6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13',
  moon: 'M13 9.5A5.5 5.5 0 016.5 3a5.5 5.5 0 106.5 6.5z',
  contrast: 'M8 2a6 6 0 100 12A6 6 0 008 2zM8 2v12M8.8 4.5h2.8M8.8 7h4.2M8.8 9.5h4M8.8 12h2.5',
  reload: 'M13 8a5 5 0 11-1.6-3.7M13 2.5V5h-2.6',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  search: 'M7 3a4 4 0 100 8 4 4 0 000-8zM10 10l3.5 3.5',
  warning: 'M8 2.5L14.5 13.5H1.5zM8 6.5v3.2M8 11.6v.2',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  logout: 'M6.5 3H3.5v10h3M7 8h6M10.5 5.5L13 8l-2.5 2.5'
} as const

export type IconName = keyof typeof PATHS

/** A small drawing beside words that say the same, or in a button that has a name. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      class={`icon icon-shape-${name}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
