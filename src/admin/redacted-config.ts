import type { GatewayConfig } from '../config/types.ts'

/** What stands where a secret was. */
export const REDACTED = '[redacted]'

/** Keys whose texts are secrets, or may be, wherever they stand. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['token', 'hash', 'secret', 'password'])

/** Keys whose texts are PEM, or the path of a file with it. */
const PEM_KEYS: ReadonlySet<string> = new Set(['ca', 'cert', 'key'])

/** Keys of mappings whose values are header fields: names are told, values may be secrets. */
const FIELD_KEYS: ReadonlySet<string> = new Set(['set'])

/**
 * A configuration as it may be shown: with all defaults and with all backends that there are, but without whatever is
 * secret in it or may be.
 */
export function redactedConfig(config: GatewayConfig): unknown {
  return redact(config, [])
}

function redact(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => redact(item, path))
  if (typeof value === 'string') return redactText(value, path)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact(item, [...path, key])]))
}

function redactText(text: string, path: readonly string[]): string {
  const [parent, key] = [path.at(-2) ?? '', path.at(-1) ?? '']
  if (SECRET_KEYS.has(key) || FIELD_KEYS.has(parent)) return REDACTED
  // Of a health check; those of a route have their names in between.
  if (parent === 'headers' && (path.includes('healthCheck') || path[0] === 'tracing')) return REDACTED
  if (PEM_KEYS.has(key) && /-----BEGIN /.test(text)) return REDACTED
  return key === 'url' || key === 'jwks' || key === 'otlp' ? withoutCredentials(text) : text
}

/** Passwords stand before the host, up to the last `@` there, and keys in queries. */
function withoutCredentials(text: string): string {
  return text.replace(/^([^/]*\/\/)[^/?#]*@/, `$1${REDACTED}@`).replace(/\?.*$/s, `?${REDACTED}`)
}
