import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { TestContext } from 'node:test'
import type { GatewayEvent } from '../../src/telemetry/events.ts'

/** A reader of the admin API's events. */
export interface EventStream {
  readonly response: IncomingMessage
  /** Events so far. */
  readonly events: GatewayEvent[]
  /** Whether the stream came to its proper end. */
  readonly ended: Promise<boolean>
}

/** Reads `/api/events` until the test ends. */
export async function readEvents(
  t: TestContext,
  adminUrl: string,
  headers: Record<string, string> = {}
): Promise<EventStream> {
  const outgoing = get(`${adminUrl}/api/events`, { headers, agent: false })
  t.after(() => outgoing.destroy())
  outgoing.on('error', () => {})
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const events: GatewayEvent[] = []
  let rest = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
      const data = fields.get('data')
      if (data === undefined) continue
      const event = JSON.parse(data) as GatewayEvent
      if (fields.get('event') !== event.type || fields.get('id') !== String(event.id)) {
        throw new Error(`an event and its fields differ: ${block}`)
      }
      events.push(event)
    }
  })
  const ended = new Promise<boolean>((resolve) => {
    response.once('end', () => resolve(true))
    response.once('error', () => resolve(false))
  })
  return { response, events, ended }
}
