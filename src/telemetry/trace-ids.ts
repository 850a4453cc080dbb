import { randomFillSync } from 'node:crypto'

/** Bytes of a trace's id, and of a span's. */
const TRACE_ID_SIZE = 16
const SPAN_ID_SIZE = 8
/** Random bytes that are made at once: one call for each id costs several times as much. */
const POOL_SIZE = 8192

/** Makes ids of traces and spans. */
export interface TraceIds {
  /** 32 hexadecimal digits in lower case, not all 0. */
  readonly trace: () => string
  /** 16 such digits. */
  readonly span: () => string
}

/** Makes a source of ids. @param fill - Fills a buffer with random bytes. */
export function traceIds(fill: (bytes: Buffer) => void = randomFillSync): TraceIds {
  const pool = Buffer.allocUnsafeSlow(POOL_SIZE)
  let used = POOL_SIZE
  const next = (size: number): string => {
    if (used + size > POOL_SIZE) {
      fill(pool)
      used = 0
    }
    const from = used
    used += size
    // No id is all 0.
    if (pool[from] === 0 && pool.subarray(from, used).every((byte) => byte === 0)) pool[from] = 1
    return pool.toString('hex', from, used)
  }
  return { trace: () => next(TRACE_ID_SIZE), span: () => next(SPAN_ID_SIZE) }
}

/** The ids of this thread. */
export const { trace: newTraceId, span: newSpanId } = traceIds()
