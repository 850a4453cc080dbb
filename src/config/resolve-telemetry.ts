import { duration, present } from './resolve-parts.ts'
import type { RawConfig } from './schema.ts'
import type { AccessLogConfig, LogConfig, TracingConfig } from './types-telemetry.ts'

/** `log`, with the schema's defaults in place. */
export function resolveLog({ level, format, access }: NonNullable<RawConfig['log']>): LogConfig {
  return { level: present(level), format: present(format), access: resolveAccess(present(access)) }
}

function resolveAccess(
  access: NonNullable<NonNullable<RawConfig['log']>['access']>
): AccessLogConfig | false {
  if (access === false) return false
  const { sample = 1, slow = '1s' } = access === true ? {} : access
  return { sample, slow: duration(slow) }
}

/** `tracing`, with the schema's defaults in place. */
export function resolveTracing(tracing: NonNullable<RawConfig['tracing']>): TracingConfig {
  const { sample, parentBased, service, headers } = tracing
  return {
    otlp: withTracesPath(tracing.otlp),
    sample: present(sample),
    parentBased: present(parentBased),
    service: present(service),
    headers: present(headers)
  }
}

/** A collector is named by its origin; what takes traces there is OTLP's to say. */
function withTracesPath(text: string): string {
  const url = new URL(text)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  return url.href
}
