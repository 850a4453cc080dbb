/** How the paths of a backend become public ones: the prefix that was put in for the client's is taken back. */
export interface PrefixMapping {
  /** What the client's path began with, raw, without a trailing slash; empty for `/`. */
  readonly publicPrefix: string
  /** What stands in its place at the backend, without a trailing slash; empty for `/`. */
  readonly backendPrefix: string
  /** Origin of the backend. */
  readonly backendOrigin: string
  /** The Host that the client used. */
  readonly publicHost: string | undefined
}

/**
 * Maps a Location back (as nginx's `proxy_redirect`): a path, or a URL of the backend itself or of the public host,
 * below the backend's prefix. Any other address is left alone, and so is a path outside of the prefix.
 */
export function mapLocation(location: string, mapping: PrefixMapping): string {
  const [, origin = '', path = location] = /^(https?:\/\/[^/?#]*)(.*)$/is.exec(location) ?? []
  if (origin !== '' && !isOwn(origin, mapping)) return location
  const mapped = mapPath(path === '' ? '/' : path, mapping)
  if (mapped === undefined) return location
  // The backend's own address says nothing to a client; the public one is kept as it came.
  return origin === '' || origin.toLowerCase() === mapping.backendOrigin ? mapped : origin + mapped
}

/** Maps the Path of a Set-Cookie back, so that the client sends the cookie to the public path. */
export function mapCookiePath(cookie: string, mapping: PrefixMapping): string {
  return cookie.replace(/(;\s*path\s*=\s*)([^;]*)/gi, (whole: string, attribute: string, path: string) => {
    const mapped = mapPath(path.trim(), mapping)
    return mapped === undefined ? whole : attribute + mapped
  })
}

/** @returns undefined for a path that is not below the backend's prefix. */
function mapPath(path: string, { publicPrefix, backendPrefix }: PrefixMapping): string | undefined {
  if (!path.startsWith('/') || path.startsWith('//') || !path.startsWith(backendPrefix)) return undefined
  const rest = path.slice(backendPrefix.length)
  if (rest !== '' && !/^[/?#;]/.test(rest)) return undefined
  return publicPrefix === '' && !rest.startsWith('/') ? `/${rest}` : publicPrefix + rest
}

function isOwn(origin: string, { backendOrigin, publicHost }: PrefixMapping): boolean {
  const lower = origin.toLowerCase()
  return lower === backendOrigin || lower.replace(/^https?:\/\//, '') === publicHost?.toLowerCase()
}
