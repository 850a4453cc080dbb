import { setImmediate as turn } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import type { HealthCheckConfig } from '../../src/config/types.ts'
import { HealthChecker } from '../../src/health/checker.ts'
import type { CheckedBackend, HealthCheckerOptions, HealthVerdict } from '../../src/health/checker.ts'
import type { Probe, ProbeResult } from '../../src/health/types.ts'

/** A backend at `http://<id>`. */
export function backend(id: string, healthy = true): CheckedBackend {
  return { id, url: `http://${id}`, healthy }
}

interface Held {
  readonly url: string
  readonly signal: AbortSignal
  readonly resolve: (result: ProbeResult) => void
}

/**
 * A checker whose clock stands still but for `advance`, without jitter unless asked for, and whose probes answer
 * what the test says: at once, or after `hold` when `release` says so.
 */
export function scripted(t: TestContext, options: Partial<HealthCheckerOptions> = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const verdicts: HealthVerdict[] = []
  const starts: number[] = []
  const held: Held[] = []
  let holding = false
  let answerBy: (check: HealthCheckConfig, url: string) => ProbeResult = () => ({ ok: true })

  const http: Probe = async (url, check, signal) => {
    starts.push(Date.now())
    if (!holding) return await Promise.resolve(answerBy(check, url))
    return await new Promise((resolve, reject) => {
      held.push({ url, signal, resolve })
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  }
  const checker = new HealthChecker({
    onVerdict: (verdict) => void verdicts.push(verdict),
    random: () => 0.5,
    probes: { http },
    ...options
  })
  t.after(async () => await checker.stop())

  return {
    checker,
    verdicts,
    /** When each probe began. */
    starts,
    /** Probes that wait for `release`, oldest first. */
    held,
    /** Moves the clock and lets everything that follows from it happen. */
    advance: async (milliseconds: number): Promise<void> => {
      t.mock.timers.tick(milliseconds)
      await turn()
    },
    /** Probes from now on wait. */
    hold: (): void => {
      holding = true
    },
    /** Ends the oldest waiting probe. */
    release: async (result: ProbeResult): Promise<void> => {
      held.shift()?.resolve(result)
      await turn()
    },
    /** Probes from now on find this. */
    answer: (result: ProbeResult): void => {
      holding = false
      answerBy = () => result
    },
    /** Probes from now on find what the check and the backend's URL make of it. */
    answerBy: (by: typeof answerBy): void => {
      holding = false
      answerBy = by
    }
  }
}
