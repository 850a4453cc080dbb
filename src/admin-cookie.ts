/** What the name of the dashboard's session cookie begins with; the port may follow. */
export const ADMIN_COOKIE = 'xecureapi-session'

const PAIR = new RegExp(`^\\s*${ADMIN_COOKIE}(?:-\\d+)?=`)

/**
 * A Cookie field without sessions of the dashboard. Browsers send them to all ports of a host, so to the public one as
 * well, and no backend may see them.
 *
 * @returns Empty when nothing else is there.
 */
export function withoutAdminSession(field: string): string {
  if (!field.includes(ADMIN_COOKIE)) return field
  return field
    .split(';')
    .filter((pair) => !PAIR.test(pair))
    .join(';')
    .trim()
}
