import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Keystream } from './keystream.ts'
import type { Ending, Sight } from './sight.ts'

/** The end of a request, with the code of the error that it ended with, if there was one. */
export interface End {
  readonly ending: Ending
  readonly error?: string
}

/** How requests are sent. */
export interface ErrandClient {
  /** Sends one and waits for its end; never rejects. @param giveUpAfter - Milliseconds. */
  send(seen: Sight, giveUpAfter: number): Promise<End>
  close(): void
}

/** Parts of a body that takes its time. */
const PARTS = 8
/** The pause between two parts, in milliseconds. */
export const PAUSE = 30

/** Sends a body in parts, with a pause behind each, as long as somebody takes it. */
export async function uploadInParts(outgoing: Writable, body: Keystream, size: number): Promise<void> {
  for (let part = 0; part < PARTS && outgoing.writable; part++) {
    outgoing.write(body.next(size / PARTS))
    await delay(PAUSE)
  }
  if (outgoing.writable) outgoing.end()
}
