import type { LiveEvent } from '../../admin/live/wire.ts'

/** An event for people: what it is about, what became of it, and why as data. */
export interface EventWords {
  readonly about: string
  readonly words: string
  readonly reason: string
}

/** Says an event. The words are those of the event itself. */
export function describeEvent(event: LiveEvent): EventWords {
  const text = (key: string): string => (typeof event[key] === 'string' ? event[key] : '')
  const about = [text('group'), text('backend')].filter((part) => part !== '').join(' / ')
  return {
    about: about || aboutOf(event),
    words: wordsOf(event, text),
    reason: text('reason') || text('withheld')
  }
}

function aboutOf(event: LiveEvent): string {
  if (event.type === 'worker') return `worker ${String(event['worker'])}`
  if (event.type === 'store') return 'store'
  const place = event['path'] ?? event['url']
  return typeof place === 'string' ? place : ''
}

function wordsOf(event: LiveEvent, text: (key: string) => string): string {
  switch (event.type) {
    case 'reload':
      return `${text('outcome')}, asked for by ${text('trigger')}; generation ${String(event['generation'])} serves`
    case 'registration':
      return text('change')
    case 'drained':
      return 'drained: nothing is in flight any more'
    case 'ejection':
      return text('state') === 'ended' ? 'ejection ended' : `ejection ${text('state')}`
    default: {
      const [from, to, state] = [text('from'), text('to'), text('state')]
      return to === '' ? state : `${from} → ${to}`
    }
  }
}

const BAD: ReadonlySet<string> = new Set([
  'unhealthy',
  'open',
  'panic',
  'nobody',
  'failed',
  'died',
  'away',
  'failing',
  'refused',
  'expired',
  'enforced',
  'shedding'
])

const GOOD: ReadonlySet<string> = new Set([
  'healthy',
  'closed',
  'first_tier',
  'applied',
  'serving',
  'back',
  'working',
  'renewed',
  'ended',
  'over'
])

/** Whether an event is bad news, good news, or just news. */
export function toneOf(event: LiveEvent): 'bad' | 'good' | 'plain' {
  const words = [event['to'], event['outcome'], event.type === 'drained' ? undefined : event['state']].map(
    String
  )
  if (words.some((word) => BAD.has(word))) return 'bad'
  return words.some((word) => GOOD.has(word)) ? 'good' : 'plain'
}
