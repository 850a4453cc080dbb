import type { Logger } from 'pino'
import type { EventLog, ReloadEvent } from './events.ts'

/** Tells of a reload in log and events. @returns The event. */
export function tellOfReload(log: Logger, events: EventLog, event: ReloadEvent): ReloadEvent {
  const { trigger, outcome, generation, errors } = event
  // Editors touch files without changing them; that is no news.
  if (outcome !== 'unchanged' || trigger !== 'file') {
    log[outcome === 'failed' ? 'error' : 'info']({ trigger, outcome, generation, errors }, 'reload')
    events.record(event)
  }
  return event
}
