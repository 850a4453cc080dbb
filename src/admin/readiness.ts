/** Why the gateway is not ready, or not wholly. */
export type ReadinessReason = 'stopping' | 'no_worker' | 'first_probes_pending' | 'workers_missing'

/** Whether the gateway should get traffic. */
export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not_ready'
  readonly reason?: ReadinessReason
  /** The generation that is served. */
  readonly generation: number
  readonly workers: { readonly configured: number; readonly serving: number }
}

/** What readiness depends on. */
export interface ReadinessFacts {
  readonly stopping: boolean
  readonly generation: number
  readonly configured: number
  readonly serving: number
  /** Whether every first probe of the start has been answered or has timed out, whatever its verdict. */
  readonly probed: boolean
}

/** Ready while at least one worker serves the current generation and every backend has been probed once. */
export function readiness(facts: ReadinessFacts): Readiness {
  const { generation, configured, serving } = facts
  const workers = { configured, serving }
  if (facts.stopping) return { status: 'not_ready', reason: 'stopping', generation, workers }
  if (serving === 0) return { status: 'not_ready', reason: 'no_worker', generation, workers }
  if (!facts.probed) return { status: 'not_ready', reason: 'first_probes_pending', generation, workers }
  if (serving < configured) return { status: 'degraded', reason: 'workers_missing', generation, workers }
  return { status: 'ready', generation, workers }
}
