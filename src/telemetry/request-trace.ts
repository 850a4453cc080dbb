import type { IncomingHttpHeaders } from 'node:http'
import { formatTraceparent, forwardedTracestate, parseTraceparent } from './trace-context.ts'
import { newSpanId, newTraceId } from './trace-ids.ts'

/** One attempt of a request whose trace is exported. */
export interface AttemptSpan {
  /** What its backend was told is the parent. */
  readonly spanId: string
  /** Id of the backend. */
  readonly backend: string
  /** What it is asked for, without its query. */
  readonly url: string
  /** How it was picked; undefined in the plain case. */
  readonly pick: string | undefined
  /** `performance.now()`, milliseconds; the end is undefined while it goes on. */
  readonly startedAt: number
  endedAt: number | undefined
  /** Of the response, if one came. */
  status: number | undefined
  /** Why it failed, as data. */
  reason: string | undefined
}

/** What there is to tell of the attempts of a request whose trace is exported. */
export interface RecordedSpan {
  /** Of the request itself, which its attempts' spans have for a parent. */
  readonly spanId: string
  readonly attempts: AttemptSpan[]
}

/** Adds an attempt that begins now. */
export function recordAttempt(
  { attempts }: RecordedSpan,
  facts: Pick<AttemptSpan, 'spanId' | 'backend' | 'url' | 'pick'>
): AttemptSpan {
  const span: AttemptSpan = {
    ...facts,
    startedAt: performance.now(),
    endedAt: undefined,
    status: undefined,
    reason: undefined
  }
  attempts.push(span)
  return span
}

/** The trace that a request belongs to: its client's, or a new one. */
export class RequestTrace {
  readonly traceId: string
  /** Of the client's span; undefined when the trace begins here. */
  readonly parentId: string | undefined
  /** What other tracing systems have to say, for the backend. */
  readonly state: string | undefined
  /** Whether those who come after are to record it. */
  isSampled: boolean
  /** Set when it is exported. */
  recorded: RecordedSpan | undefined

  /** @param headers - Of the client's request: anything. */
  constructor({ traceparent, tracestate }: IncomingHttpHeaders = {}) {
    const parent = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined
    this.traceId = parent?.traceId ?? newTraceId()
    this.parentId = parent?.parentId
    this.isSampled = parent?.isSampled ?? false
    this.state = parent && typeof tracestate === 'string' ? forwardedTracestate(tracestate) : undefined
  }

  /** Decides whether it is recorded, by us and by those who come after. Before its first attempt. */
  sample(isSampled: boolean): void {
    this.isSampled = isSampled
    this.recorded = isSampled ? { spanId: newSpanId(), attempts: [] } : undefined
  }

  /** The fields for a backend. @param spanId - Of the attempt. @returns Names and values in turn. */
  fields(spanId: string): string[] {
    const fields = ['traceparent', formatTraceparent(this.traceId, spanId, this.isSampled)]
    if (this.state !== undefined) fields.push('tracestate', this.state)
    return fields
  }
}
