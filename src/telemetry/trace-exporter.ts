import { setTimeout as delay } from 'node:timers/promises'
import type { SendResult, SendSpans } from './otlp-collector.ts'
import type { FinishedTrace } from './finished-trace.ts'
import { spansOf, type TraceBatch } from './trace-outbox.ts'

/** Spans since the start. */
export interface SpanCounts {
  /** The collector has taken them. */
  exported: number
  /** There was no room for them, or the collector refused them, or they were left at the end. */
  dropped: number
}

/** What became of the export: the first failure after it worked, and the first success after that. */
export interface ExportNews {
  /** Undefined = it works again. */
  readonly reason: string | undefined
  /** Spans dropped since it failed. */
  readonly dropped: number
}

/** What an exporter works with. */
export interface ExporterOptions {
  readonly write: (traces: readonly FinishedTrace[]) => Uint8Array
  readonly send: SendSpans
  readonly counts: SpanCounts
  readonly onNews: (news: ExportNews) => void
  /** How long the first one waits for others, in milliseconds. */
  readonly delay?: number
}

/** Spans that may wait. */
const ROOM = 8192
/** Spans of one message, about. */
const MESSAGE = 512
const DELAY = 200
/** First wait after a failure, in milliseconds; doubles with each in a row. */
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 30_000
/** The longest that a collector may ask for. */
const LONGEST_ASKED = 300_000

/**
 * Brings finished requests to a collector, one message at a time. What a collector can't take now waits, up to a bound;
 * beyond, newcomers are dropped and counted. Nothing here ever throws, or holds traffic up.
 */
export class TraceExporter {
  readonly #options: ExporterOptions
  readonly #stopped = new AbortController()
  #waiting: FinishedTrace[] = []
  /** Spans that wait. */
  #size = 0
  #failures = 0
  /** What the collector asked for with its last failure, in milliseconds. */
  #asked = 0
  #reason: string | undefined
  #droppedBefore = 0
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #isClosing = false

  constructor(options: ExporterOptions) {
    this.#options = options
    this.#droppedBefore = options.counts.dropped
  }

  take({ traces, dropped }: TraceBatch): void {
    let surplus = dropped
    for (const trace of traces) {
      const spans = spansOf(trace)
      if (this.#isClosing || this.#size + spans > ROOM) surplus += spans
      else {
        this.#waiting.push(trace)
        this.#size += spans
      }
    }
    if (surplus > 0) {
      this.#options.counts.dropped += surplus
      this.#tell('queue_full')
    }
    this.#schedule()
  }

  /**
   * Sends what waits, and ends.
   *
   * @param timeout - Milliseconds; what is left then is dropped.
   * @returns Spans that were.
   */
  async close(timeout: number): Promise<number> {
    this.#isClosing = true
    clearTimeout(this.#timer)
    const ended = new AbortController()
    await Promise.race([
      this.#sendAll(),
      delay(timeout, undefined, { signal: ended.signal, ref: false }).catch(() => {})
    ])
    ended.abort()
    this.#stopped.abort()
    return this.#drop(this.#waiting.length)
  }

  /** Gives up whatever {@link close} still waits for. */
  abort(): void {
    this.#stopped.abort()
  }

  async #sendAll(): Promise<void> {
    await this.#sending
    while (this.#waiting.length > 0 && !this.#stopped.signal.aborted) {
      await this.#send()
      // Nobody waits for it to come back at the end.
      if (this.#failures > 0) return
    }
  }

  #schedule(): void {
    if (this.#sending || this.#isClosing || this.#waiting.length === 0) return
    const backoff = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), LONGEST_PAUSE)
    const pause = this.#failures > 0 ? Math.max(backoff, this.#asked) : undefined
    const wait = pause ?? (this.#size >= MESSAGE ? 0 : (this.#options.delay ?? DELAY))
    if (wait === 0) clearTimeout(this.#timer)
    else if (this.#timer) return
    this.#timer = setTimeout(() => this.#begin(), wait)
    this.#timer.unref()
  }

  #begin(): void {
    this.#timer = undefined
    if (this.#sending) return
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined
      this.#schedule()
    })
  }

  /** Sends one message. Those in it stay in their places until it is known what became of it. */
  async #send(): Promise<void> {
    const { write, send, counts } = this.#options
    let [count, spans] = [0, 0]
    while (count < this.#waiting.length && spans < MESSAGE) spans += spansOf(this.#waiting[count++]!)
    let result: SendResult
    try {
      result = await send(write(this.#waiting.slice(0, count)), this.#stopped.signal)
    } catch {
      result = { kind: 'failed', reason: 'not_written', isFinal: true }
    }
    if (this.#stopped.signal.aborted) return
    if (result.kind === 'taken') {
      this.#remove(count)
      const refused = Math.min(result.refused, spans)
      counts.exported += spans - refused
      counts.dropped += refused
      this.#failures = 0
      if (refused > 0) this.#tell('spans_refused')
      else if (this.#size < ROOM / 2) this.#tell(undefined)
      return
    }
    this.#failures++
    this.#asked = Math.min(Math.max(result.pause ?? 0, 0), LONGEST_ASKED)
    if (result.isFinal) this.#drop(count)
    this.#tell(result.reason)
  }

  #remove(count: number): number {
    const spans = this.#waiting.splice(0, count).reduce((sum, trace) => sum + spansOf(trace), 0)
    this.#size -= spans
    return spans
  }

  #drop(count: number): number {
    const spans = this.#remove(count)
    this.#options.counts.dropped += spans
    return spans
  }

  #tell(reason: string | undefined): void {
    const isNews = (reason === undefined) !== (this.#reason === undefined)
    this.#reason = reason
    if (!isNews) return
    const { counts, onNews } = this.#options
    onNews({ reason, dropped: counts.dropped - this.#droppedBefore })
    this.#droppedBefore = counts.dropped
  }
}
