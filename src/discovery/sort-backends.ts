import type { DiscoveredBackend } from './provider.ts'

/** Orders texts code unit by code unit: the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Orders backends by url. */
export function sortBackends(backends: readonly DiscoveredBackend[]): DiscoveredBackend[] {
  return backends.toSorted((a, b) => compare(a.url, b.url))
}
