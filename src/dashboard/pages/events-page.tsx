import { useState } from 'preact/hooks'
import type { LiveEvent } from '../../admin/live/wire.ts'
import { moment } from '../model/format.ts'
import { describeEvent, toneOf } from '../model/event-words.ts'
import { useLive } from '../ui/hooks.ts'

/** What happened lately, the newest first. */
export function EventsPage() {
  const { events, at } = useLive().state
  const [type, setType] = useState('')
  const types = [...new Set(events.map((event) => event.type))].toSorted()
  const shown = events.filter((event) => type === '' || event.type === type)
  return (
    <>
      <div class="toolbar">
        <label class="choice">
          <span>Type</span>
          <select value={type} onChange={({ currentTarget }) => setType(currentTarget.value)}>
            <option value="">all</option>
            {types.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <span class="soft">the newest first; the gateway keeps the last 256</span>
      </div>
      <section class="card" aria-label="Events">
        {shown.length === 0 ? (
          <p class="empty">Nothing has happened yet: no backend fell ill, and nobody changed anything.</p>
        ) : (
          <ol class="events">
            {shown.map((event) => (
              <EventLine key={event.id} event={event} now={at} />
            ))}
          </ol>
        )}
      </section>
    </>
  )
}

function EventLine({ event, now }: { readonly event: LiveEvent; readonly now: number }) {
  const { about, words, reason } = describeEvent(event)
  const errors = Array.isArray(event['errors']) ? (event['errors'] as string[]) : []
  return (
    <li class={`event event-${toneOf(event)}`}>
      <time dateTime={event.time}>{moment(Date.parse(event.time), now)}</time>
      <span class="badge small">{event.type}</span>
      <span class="event-words">
        {about !== '' && <b>{about}</b>} {words} {reason !== '' && <code>{reason}</code>}
        {errors.length > 0 && (
          <ul class="errors">
            {errors.map((error) => (
              <li key={error}>
                <code>{error}</code>
              </li>
            ))}
          </ul>
        )}
      </span>
    </li>
  )
}
