import { failureReason } from './failure-reason.ts'
import { LONGEST_TIMER } from './jitter.ts'
import type { HealthReason, ProbeResult } from './types.ts'

/** Ends a probe with what it found; only the first call counts. */
export type Settle = (result: ProbeResult) => void

/** The result of a probe that failed. */
export function failed(reason: HealthReason): ProbeResult {
  return { ok: false, reason }
}

/**
 * The frame around every kind of probe: one answer, one timeout over all of it, and a connection that is closed
 * whichever way it ends.
 *
 * @param timeout - Milliseconds; then the result is `timeout`.
 * @param open - Starts the probe and gives back how to close what it opened, which is called exactly once.
 * @throws The signal's reason once the signal is aborted: what was cut short has found nothing.
 */
export function oneProbe(
  timeout: number,
  signal: AbortSignal,
  open: (settle: Settle) => () => void
): Promise<ProbeResult> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<ProbeResult>()
  let close = (): void => {}
  let timer: NodeJS.Timeout | undefined

  const end = (): void => {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    close()
    close = () => {}
  }
  const settle: Settle = (result) => {
    end()
    resolve(result)
  }
  const abort = (): void => {
    end()
    reject(signal.reason as Error)
  }

  try {
    close = open(settle)
  } catch (error) {
    return Promise.resolve(failed(failureReason(error)))
  }
  timer = setTimeout(() => settle(failed('timeout')), Math.min(timeout, LONGEST_TIMER))
  signal.addEventListener('abort', abort)
  return promise
}
