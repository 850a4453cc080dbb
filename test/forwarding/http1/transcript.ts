import { Read, ResponseReader, type ResponseListener } from '../../../src/forwarding/http1/response-reader.ts'
import type { SeenHead } from './recording-sink.ts'

/** What a reader made of the bytes of one response. */
export interface Transcript {
  readonly information: SeenHead[]
  readonly head: SeenHead | undefined
  readonly body: string
  readonly trailers: string[]
  readonly outcome: 'more' | 'done' | 'switched' | 'failed'
  /** What came behind the response. */
  readonly leftover: string
  readonly keepAlive: boolean
}

const OUTCOMES = ['more', 'done', 'switched', 'failed'] as const

/**
 * Reads the bytes of one response, split where it is told.
 *
 * @param splits - Positions at which the bytes are split, ascending.
 */
export function transcript(
  bytes: Buffer,
  splits: readonly number[],
  { method = 'GET', maxHead = 65_536 } = {}
): Transcript {
  const information: SeenHead[] = []
  let head: SeenHead | undefined
  let body = ''
  const listener: ResponseListener = {
    onInformation: (status, statusText, headers) => {
      information.push({ status, statusText, headers })
    },
    onHead: (status, statusText, headers) => {
      head = { status, statusText, headers }
    },
    onBody: (chunk) => {
      body += chunk.toString('latin1')
    }
  }
  const reader = new ResponseReader(maxHead)
  reader.begin(method, listener)
  let outcome: number = Read.more
  let at = 0
  const ends = [...splits, bytes.length]
  // As a socket's buffer: used again and again, and longer than what is in it.
  const longest = ends.reduce((most, end, index) => Math.max(most, end - (ends[index - 1] ?? 0)), 0)
  const buffer = Buffer.alloc(longest + 16)
  for (const until of ends) {
    if (outcome !== Read.more) break
    buffer.fill('#')
    bytes.copy(buffer, 0, at, until)
    outcome = reader.read(buffer, until - at, false)
    at += outcome === Read.more ? until - at : reader.position
  }
  reader.end()
  return {
    information,
    head,
    body,
    trailers: outcome === Read.done ? reader.fields : [],
    outcome: OUTCOMES[outcome]!,
    leftover: outcome === Read.failed ? '' : bytes.toString('latin1', at),
    keepAlive: reader.keepAlive
  }
}

/** Splits between all bytes. */
export function everywhere(bytes: Buffer): number[] {
  return Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1)
}
