import type { CorsConfig } from '../../src/config/types.ts'

/** The origin of a page that may. */
export const SHOP = 'https://shop.example.com'

/** `cors` with the configuration's defaults, for {@link SHOP}. */
export const CORS: CorsConfig = { origins: [SHOP], exposedHeaders: [], credentials: false, maxAge: 600_000 }

/** The fields of a request that asks whether a page may send another one. */
export function preflightFields(
  origin: string,
  method = 'GET',
  more: Readonly<Record<string, string>> = {}
): Record<string, string> {
  return { origin, 'access-control-request-method': method, ...more }
}

/** What a response says to pages, and to caches of them. */
export function corsFields(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary')
  )
}
