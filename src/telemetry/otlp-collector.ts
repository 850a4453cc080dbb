import { fetchFailure } from '../fetch-failure.ts'
import type { TracingConfig } from '../config/types.ts'

/** How long an answer may take as a whole, in milliseconds. */
const TIMEOUT = 5000
/** The largest answer that is read, in bytes. */
const MAX_SIZE = 64 * 1024

/** What became of a message. */
export type SendResult =
  | { readonly kind: 'taken'; /** Spans that were refused all the same. */ readonly refused: number }
  | {
      readonly kind: 'failed'
      readonly reason: string
      /** Whether it would be refused again. */
      readonly isFinal: boolean
      /** How long the collector wants to be left alone, in milliseconds. */
      readonly pause?: number
    }

/** Sends one message. @param stopped - Gives it up. */
export type SendSpans = (message: Uint8Array, stopped: AbortSignal) => Promise<SendResult>

/** Makes a sender of OTLP messages (JSON) to a collector. Never follows elsewhere: credentials go where it is configured. */
export function collectorSender({ otlp, headers }: Pick<TracingConfig, 'otlp' | 'headers'>): SendSpans {
  const url = new URL(otlp)
  const fields = new Headers(headers)
  if (url.username !== '' || url.password !== '') {
    const login = decodeURIComponent(`${url.username}:${url.password}`)
    fields.set('authorization', `Basic ${Buffer.from(login).toString('base64')}`)
  }
  fields.set('content-type', 'application/json')
  // A URL with credentials in it can't be fetched.
  url.username = ''
  url.password = ''
  return async (message, stopped) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: fields,
        body: message as Uint8Array<ArrayBuffer>,
        redirect: 'manual',
        signal: AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT)])
      })
      const text = await readUpTo(response, MAX_SIZE)
      if (response.ok) return { kind: 'taken', refused: refusedSpans(text) }
      const reason = `status_${response.status}`
      const pause = Number(response.headers.get('retry-after') ?? 0) * 1000 || 0
      return { kind: 'failed', reason, isFinal: !RETRYABLE.has(response.status), pause }
    } catch (error) {
      return { kind: 'failed', reason: fetchFailure(error), isFinal: false }
    }
  }
}

/** OTLP/HTTP, section Failures: these may be sent again. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

async function readUpTo({ body }: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > most) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** A collector may take some and say how many it did not. */
function refusedSpans(text: string): number {
  try {
    const answer = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: string | number } } | null
    const refused = Number(answer?.partialSuccess?.rejectedSpans ?? 0)
    return Number.isSafeInteger(refused) && refused > 0 ? refused : 0
  } catch {
    return 0
  }
}

/** A collector as it may be told. @returns Its URL without what may be a secret. */
export function shownCollector(otlp: string): string {
  const { origin, pathname } = new URL(otlp)
  return origin + pathname
}
