import { pathOf } from '../routing/lookup.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import { type AttemptSpan, recordAttempt } from '../telemetry/request-trace.ts'
import { newSpanId } from '../telemetry/trace-ids.ts'
import type { Backend } from '../upstreams/backend.ts'

/** An attempt as its backend learns of it, and as it is told of, if anybody wants to know. */
export interface BegunSpan {
  readonly id: string
  readonly span: AttemptSpan | undefined
}

/** Every attempt is a span to its backend. @param target - Path and query that it asks for. */
export function beginSpan({ trace, pick }: RequestRecord, backend: Backend, target: string): BegunSpan {
  const id = newSpanId()
  if (!trace.recorded) return { id, span: undefined }
  const url = backend.url + pathOf(target)
  return { id, span: recordAttempt(trace.recorded, { spanId: id, backend: backend.id, url, pick }) }
}
