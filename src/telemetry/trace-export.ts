import { setTimeout as patience } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { GatewayConfig, TracingConfig } from '../config/types.ts'
import type { TraceExporter, SpanCounts } from './trace-exporter.ts'
import { spansOf, type TraceBatch } from './trace-outbox.ts'

/** What the export works with. */
export interface TraceExportOptions {
  readonly log: Logger
  /** Of this gateway among all. */
  readonly instance: string
  /** How long the first span waits for others, in milliseconds. */
  readonly delay?: number
}

/** Batches that may come before the exporter is there. */
const EARLY = 16
/** How long an exporter that another one replaces may take to send what it has, in milliseconds. */
const REPLACED_PATIENCE = 5000

/**
 * The export of traces on the control plane, as the configuration that serves has it. What it takes (OpenTelemetry's
 * writer) is loaded when it is first asked for.
 */
export class TraceExport {
  readonly counts: SpanCounts = { exported: 0, dropped: 0 }
  readonly #options: TraceExportOptions
  #target: Target | undefined
  #exporter: TraceExporter | undefined
  #early: TraceBatch[] = []
  /** Those that end. */
  readonly #ending = new Map<TraceExporter, Promise<void>>()

  constructor(options: TraceExportOptions) {
    this.#options = options
  }

  /** Exports to where this configuration says, from now on; what waits for another collector is still sent there. */
  follow({ tracing }: Pick<GatewayConfig, 'tracing'>): void {
    const target = tracing && targetOf(tracing)
    if (isDeepStrictEqual(target, this.#target)) return
    this.#target = target
    if (this.#exporter) this.#end(this.#exporter, REPLACED_PATIENCE)
    this.#exporter = undefined
    if (!target) this.#forget()
    else
      void this.#begin(target).catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'traces can not be exported')
      )
  }

  take(batch: TraceBatch): void {
    if (this.#exporter) this.#exporter.take(batch)
    else if (this.#target && this.#early.length < EARLY) this.#early.push(batch)
    // Of a thread that still serves a generation which traced.
    else this.#drop(batch)
  }

  /** Sends what waits, and ends. @param timeout - Milliseconds. */
  async stop(timeout: number): Promise<void> {
    this.#target = undefined
    if (this.#exporter) this.#end(this.#exporter, timeout)
    this.#exporter = undefined
    this.#forget()
    const ended = new AbortController()
    await Promise.race([
      Promise.all(this.#ending.values()),
      patience(timeout, undefined, { signal: ended.signal, ref: false }).catch(() => {})
    ])
    ended.abort()
    for (const exporter of this.#ending.keys()) exporter.abort()
    await Promise.all(this.#ending.values())
  }

  #forget(): void {
    for (const batch of this.#early.splice(0)) this.#drop(batch)
  }

  #drop({ traces, dropped }: TraceBatch): void {
    this.counts.dropped += traces.reduce((sum, trace) => sum + spansOf(trace), dropped)
  }

  async #begin(target: Target): Promise<void> {
    const { log, instance, delay } = this.#options
    const [{ otlpWriter }, { collectorSender, shownCollector }, { TraceExporter: Exporter }] =
      await Promise.all([
        import('./otlp-spans.ts'),
        import('./otlp-collector.ts'),
        import('./trace-exporter.ts')
      ])
    // Another configuration, or the end, came first.
    if (this.#target !== target) return
    const collector = shownCollector(target.otlp)
    this.#exporter = new Exporter({
      write: otlpWriter({ service: target.service, instance }),
      send: collectorSender(target),
      counts: this.counts,
      onNews: ({ reason, dropped }) => {
        if (reason === undefined) log.info({ collector, dropped }, 'traces are exported again')
        else log.warn({ collector, reason, dropped }, 'traces can not be exported')
      },
      ...(delay !== undefined && { delay })
    })
    for (const batch of this.#early.splice(0)) this.#exporter.take(batch)
  }

  #end(exporter: TraceExporter, timeout: number): void {
    const ended = this.#close(exporter, timeout).finally(() => this.#ending.delete(exporter))
    this.#ending.set(exporter, ended)
  }

  async #close(exporter: TraceExporter, timeout: number): Promise<void> {
    const dropped = await exporter.close(timeout)
    if (dropped > 0) this.#options.log.warn({ dropped }, 'traces were left that could not be exported')
  }
}

/** What of the configuration makes another exporter. */
type Target = Pick<TracingConfig, 'otlp' | 'service' | 'headers'>

function targetOf({ otlp, service, headers }: TracingConfig): Target {
  return { otlp, service, headers }
}
