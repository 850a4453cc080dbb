import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { EventLog, ReloadEvent } from './events.ts'

/** Tells of a reload in log and events. @returns The event. */
export function tellOfReload(log: Logger, events: EventLog, event: ReloadEvent): ReloadEvent {
  if (!isNews(events, event)) return event
  const { trigger, outcome, generation, errors } = event
  log[outcome === 'failed' ? 'error' : 'info']({ trigger, outcome, generation, errors }, 'reload')
  events.record(event)
  return event
}

/** Editors touch files without changing them, and some systems tell of one change twice: that is none. */
function isNews(events: EventLog, { trigger, outcome, errors }: ReloadEvent): boolean {
  if (trigger !== 'file') return true
  if (outcome !== 'failed') return outcome !== 'unchanged'
  const last = events.after(0).findLast(({ type }) => type === 'reload')
  return last?.type !== 'reload' || last.outcome !== 'failed' || !isDeepStrictEqual(last.errors, errors)
}
