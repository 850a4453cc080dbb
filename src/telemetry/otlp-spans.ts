import { SpanKind, SpanStatusCode, TraceFlags, type Attributes, type HrTime } from '@opentelemetry/api'
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_SERVICE_NAME,
  ATTR_URL_FULL,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME
} from '@opentelemetry/semantic-conventions'
import { CLIENT_CLOSED_REQUEST } from './access-log.ts'
import type { FinishedAttempt, FinishedTrace } from './finished-trace.ts'

type Span = NonNullable<Parameters<typeof JsonTraceSerializer.serializeRequest>[0]>[number]

/** Methods that conventions know; others are told beside, so that nobody makes up names of spans. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE'.split(' ')
)

/** Reasons that are no fault of the gateway or a backend. */
const OF_CLIENT: ReadonlySet<string> = new Set(['client_gone', 'client_too_slow'])

const NO_EVENTS = {
  events: [],
  links: [],
  droppedEventsCount: 0,
  droppedLinksCount: 0,
  droppedAttributesCount: 0
}

/** Which gateway the spans are of. */
export interface SpanSource {
  readonly service: string
  /** Of this gateway among all. */
  readonly instance: string
}

/** Makes a writer of OTLP (JSON) messages, by OpenTelemetry's semantic conventions for HTTP. */
export function otlpWriter({
  service,
  instance
}: SpanSource): (traces: readonly FinishedTrace[]) => Uint8Array {
  const origin = {
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: service, 'service.instance.id': instance }),
    instrumentationScope: { name: 'xecureapi-gateway' }
  }
  return (traces) => {
    const spans = traces.flatMap((trace) => [serverSpan(trace), ...trace.attempts.map(clientSpan(trace))])
    const message = JsonTraceSerializer.serializeRequest(spans.map((span) => ({ ...span, ...origin })))
    if (!message) throw new Error('spans could not be written')
    return message
  }
}

type OwnSpan = Omit<Span, 'resource' | 'instrumentationScope'>

/** The request as its client sees it. */
function serverSpan(trace: FinishedTrace): OwnSpan {
  const { fields, host, scheme, version, routePath, parentId } = trace
  const { status, reason } = fields
  const method = methodOf(fields.method)
  const wasAnswered = status !== CLIENT_CLOSED_REQUEST
  // One that began well may have broken off; a gRPC call is told so with status 200.
  const failed = status >= 500 || (status < 400 && reason !== undefined && !OF_CLIENT.has(reason))
  return {
    ...frameOf(trace, trace.spanId, trace.start, trace.end),
    ...(parentId !== undefined && { parentSpanContext: contextOf(trace, parentId, true) }),
    name: routePath === undefined ? method.name : `${method.name} ${routePath}`,
    kind: SpanKind.SERVER,
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: present({
      ...method.attributes,
      [ATTR_URL_PATH]: fields.path,
      [ATTR_URL_SCHEME]: scheme,
      ...addressOf(host && URL.parse(`${scheme}://${host}`)),
      [ATTR_NETWORK_PROTOCOL_VERSION]: version === '2.0' ? '2' : version,
      [ATTR_HTTP_ROUTE]: routePath,
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: wasAnswered ? status : undefined,
      [ATTR_ERROR_TYPE]:
        failed || !wasAnswered || (status < 400 && reason) ? (reason ?? String(status)) : undefined,
      'xecureapi.request_id': fields.requestId,
      'xecureapi.route': fields.route,
      'xecureapi.group': fields.group,
      'xecureapi.consumer': fields.consumer,
      'xecureapi.attempts': fields.attempts,
      'xecureapi.waited': fields.waited,
      'xecureapi.reason': reason,
      'xecureapi.limit': fields.limit
    })
  }
}

/** One attempt at a backend. */
function clientSpan(trace: FinishedTrace): (attempt: FinishedAttempt, retry: number) => OwnSpan {
  const { fields } = trace
  const method = methodOf(fields.method)
  return (attempt, retry) => {
    const { spanId, url, backend, pick, status, reason, start, end } = attempt
    const error = reason ?? (status !== undefined && status >= 400 ? String(status) : undefined)
    return {
      ...frameOf(trace, spanId, start, end),
      parentSpanContext: contextOf(trace, trace.spanId, false),
      name: method.name,
      kind: SpanKind.CLIENT,
      status: { code: error === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR },
      attributes: present({
        ...method.attributes,
        [ATTR_URL_FULL]: url,
        ...addressOf(URL.parse(url)),
        [ATTR_HTTP_REQUEST_RESEND_COUNT]: retry === 0 ? undefined : retry,
        [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
        [ATTR_ERROR_TYPE]: error,
        'xecureapi.route': fields.route,
        'xecureapi.group': fields.group,
        'xecureapi.backend': backend,
        'xecureapi.pick': pick,
        'xecureapi.reason': reason
      })
    }
  }
}

function frameOf(trace: FinishedTrace, spanId: string, start: number, end: number) {
  const context = contextOf(trace, spanId, false)
  return {
    spanContext: () => context,
    startTime: hrTime(start),
    endTime: hrTime(Math.max(start, end)),
    duration: hrTime(Math.max(0, end - start)),
    ended: true,
    ...NO_EVENTS
  }
}

function contextOf({ traceId, state }: FinishedTrace, spanId: string, isRemote: boolean) {
  const traceState = state === undefined ? {} : { traceState: traceStateOf(state) }
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote, ...traceState }
}

/** It is passed on as it came: nothing of ours is in it. */
function traceStateOf(text: string) {
  const state = { get: () => undefined, set: () => state, unset: () => state, serialize: () => text }
  return state
}

function methodOf(method: string): { readonly name: string; readonly attributes: Attributes } {
  if (KNOWN_METHODS.has(method)) return { name: method, attributes: { [ATTR_HTTP_REQUEST_METHOD]: method } }
  return {
    name: 'HTTP',
    attributes: { [ATTR_HTTP_REQUEST_METHOD]: '_OTHER', [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: method }
  }
}

function addressOf(url: URL | null | undefined | ''): Attributes {
  if (!url) return {}
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { [ATTR_SERVER_ADDRESS]: url.hostname.replace(/^\[|\]$/g, ''), [ATTR_SERVER_PORT]: port }
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}

function present(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}
