import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

/** A span as a collector got it. */
export interface CollectedSpan {
  readonly service: string
  readonly name: string
  readonly kind: 'server' | 'client'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly traceState: string | undefined
  /** Nanoseconds since the epoch. */
  readonly start: bigint
  readonly end: bigint
  /** OTLP's: 0 unset, 2 error. */
  readonly status: number
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/** A collector of a test: a server that reads OTLP over HTTP. */
export interface Collector {
  readonly url: string
  readonly port: number
  readonly spans: () => CollectedSpan[]
  /** Messages that came, whatever was answered. */
  readonly messages: () => IncomingMessage[]
  /** Waits for so many spans in all. */
  readonly untilSpans: (count: number) => Promise<CollectedSpan[]>
  /** What it does with the next messages; by default it takes them. */
  answer: (request: IncomingMessage, response: ServerResponse) => 'take' | 'none'
}

interface OtlpAttribute {
  readonly key: string
  readonly value: {
    readonly stringValue?: string
    readonly intValue?: number | string
    readonly doubleValue?: number
    readonly boolValue?: boolean
  }
}

interface OtlpSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly OtlpAttribute[]
  readonly status: { readonly code: number }
}

interface OtlpMessage {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

/** Starts a collector that closes itself with the test. */
export async function startCollector(t: TestContext): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const messages: IncomingMessage[] = []
  const server = createServer((request, response) => {
    messages.push(request)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (collector.answer(request, response) === 'none') return
      spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString()) as OtlpMessage))
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  t.after(close)
  const { port } = server.address() as AddressInfo
  const collector: Collector = {
    url: `http://127.0.0.1:${port}`,
    port,
    spans: () => spans,
    messages: () => messages,
    untilSpans: async (count) => {
      await until(`there are ${count} spans`, () => spans.length >= count)
      return spans
    },
    answer: () => 'take'
  }
  return collector
}

function spansOf({ resourceSpans }: OtlpMessage): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource.attributes)['service.name'])
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => collected(service, span)))
  })
}

function collected(service: string, span: OtlpSpan): CollectedSpan {
  const { name, traceId, spanId, parentSpanId, traceState } = span
  if (span.kind !== 2 && span.kind !== 3) throw new Error(`a span of kind ${span.kind}`)
  return {
    service,
    name,
    kind: span.kind === 2 ? 'server' : 'client',
    traceId,
    spanId,
    parentSpanId,
    traceState,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    status: span.status.code,
    attributes: attributesOf(span.attributes)
  }
}

function attributesOf(attributes: readonly OtlpAttribute[]): CollectedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => {
      const number = intValue === undefined ? doubleValue : Number(intValue)
      return [key, stringValue ?? number ?? boolValue ?? '']
    })
  )
}
