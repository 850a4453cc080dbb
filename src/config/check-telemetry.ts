import { checkDuration } from './check-durations.ts'
import type { SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { RawConfig } from './schema.ts'
import { OTLP_MESSAGE } from './schema-telemetry.ts'
import type { Sound } from './sound.ts'

/** Fields that are the exporter's own to say, or that would break its requests. */
const TAKEN: ReadonlySet<string> = new Set(
  'connection content-encoding content-length content-type expect host keep-alive te trailer transfer-encoding upgrade'.split(
    ' '
  )
)

/** Checks `log`. */
export function checkLog(document: SourceDocument, log: Sound<RawConfig>['log']): Finding[] {
  const access = log?.access
  if (typeof access !== 'object') return []
  return checkDuration(document, ['log', 'access', 'slow'], access.slow)
}

/** Checks `tracing`: whatever is wrong with the URL, it may hold a password. */
export function checkTracing(tracing: Sound<RawConfig>['tracing']): Finding[] {
  const findings: Finding[] = []
  const { otlp, headers = {} } = tracing ?? {}
  if (otlp !== undefined && !isUsable(otlp)) {
    findings.push({ path: ['tracing', 'otlp'], message: `${OTLP_MESSAGE}, got a text of ${otlp.length}` })
  }
  for (const name of Object.keys(headers)) {
    if (!TAKEN.has(name.toLowerCase())) continue
    const message = "expected fields that are not the message's own"
    findings.push({ path: ['tracing', 'headers', name], message })
  }
  return findings
}

function isUsable(text: string): boolean {
  const url = URL.parse(text)
  if (!url || url.hostname === '' || url.hash !== '') return false
  try {
    decodeURIComponent(url.username + url.password)
    return true
  } catch {
    return false
  }
}
