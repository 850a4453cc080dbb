/** What a name is made from: its own, or else the path. Undefined where these are missing or wrong. */
export interface Nameable {
  readonly name?: string | undefined
  readonly path?: string | undefined
}

/** The name of a route without one: `/api/products/:id` → `api-products-id`, `/` → `root`. */
export function deriveRouteName(path: string): string {
  if (path === '/') return 'root'
  const name = path.replace(/[^A-Za-z0-9_]+/g, '-').replace(/^[-_]+|-+$/g, '')
  return name === '' ? 'route' : name
}

/**
 * Names routes: a route's own name stays; one derived from the path gets `-2`, `-3`, … where it is taken, in the
 * order of the routes.
 */
export function nameRoutes(routes: readonly Nameable[]): string[] {
  const taken = new Set(routes.flatMap(({ name }) => (name === undefined ? [] : [name])))
  return routes.map(({ name, path = '/' }) => {
    if (name !== undefined) return name
    const base = deriveRouteName(path)
    let candidate = base
    for (let count = 2; taken.has(candidate); count++) candidate = `${base}-${count}`
    taken.add(candidate)
    return candidate
  })
}
