import { checkDuration } from './check-durations.ts'
import type { RouteDefinition } from './define-routes.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import type { Sound } from './sound.ts'
import { parseSize } from './units.ts'

/** Bodies beyond this are not worth keeping in memory, in bytes. */
const MAX_BODY_BUFFER = 16 * 1024 ** 2

/** Fields that say where a message ends or concern one connection: changing them would corrupt the message. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
])

type ForwardingSettings = Sound<Pick<RouteDefinition, 'headers' | 'retry' | 'timeouts'>>

/** Checks `timeouts`, `retry` and `headers`, of a group as well as of a route. */
export function checkForwarding(
  document: SourceDocument,
  path: Path,
  settings: ForwardingSettings
): Finding[] {
  const { headers, retry, timeouts } = settings
  const durations = (['connect', 'response', 'idle', 'total'] as const).flatMap((key) =>
    checkDuration(document, [...path, 'timeouts', key], timeouts?.[key])
  )
  const changes = (['request', 'response'] as const).flatMap((direction) => {
    const place = [...path, 'headers', direction]
    const { set, remove } = headers?.[direction] ?? {}
    return [
      ...Object.keys(set ?? {}).flatMap((name) => checkName([...place, 'set', name], name, 'key')),
      ...(remove ?? []).flatMap((name, index) =>
        name === undefined ? [] : checkName([...place, 'remove', index], name)
      )
    ]
  })
  return [
    ...durations,
    ...checkBodyBuffer(document, [...path, 'retry', 'bodyBuffer'], retry?.bodyBuffer),
    ...changes
  ]
}

function checkBodyBuffer(document: SourceDocument, path: Path, text: string | undefined): Finding[] {
  const size = text === undefined ? undefined : parseSize(text)
  if (size === undefined || size <= MAX_BODY_BUFFER) return []
  return [{ path, message: `expected at most 16MiB, got ${quote(document, path, text)}` }]
}

function checkName(path: Path, name: string, at?: 'key'): Finding[] {
  if (!FRAMING.has(name.toLowerCase())) return []
  const message = `expected a field that says nothing of framing or connections, got ${JSON.stringify(name)}`
  return [{ path, message, ...(at && { at }) }]
}
