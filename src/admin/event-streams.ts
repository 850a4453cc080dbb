import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** How often an idle stream shows that it lives, in milliseconds: below the idle timeouts of usual proxies. */
const HEARTBEAT = 15_000

/** One reader of server-sent events (HTML standard, section 9.2). */
export interface EventStream {
  /** Sends text as it is: whole events. A reader that does not read is let go; it comes back for what it has missed. */
  readonly send: (text: string | Buffer) => void
  /** Begins the answer. */
  readonly start: () => FastifyReply
}

/** All readers of one address; their streams end properly when the app closes. */
export class EventStreams {
  readonly #streams = new Set<Readable>()
  readonly #maxBuffered: number

  /** @param maxBuffered - How much may wait for a reader, in bytes. */
  constructor(app: FastifyInstance, maxBuffered: number) {
    this.#maxBuffered = maxBuffered
    app.addHook('preClose', async () => {
      for (const stream of this.#streams) stream.push(null)
    })
  }

  get size(): number {
    return this.#streams.size
  }

  /** @param onClose - Called when the reader is gone. */
  open(reply: FastifyReply, onClose: () => void): EventStream {
    const stream = new Readable({ read: () => {} })
    const heartbeat = setInterval(() => stream.push(': still here\n\n'), HEARTBEAT)
    stream.once('close', () => {
      clearInterval(heartbeat)
      this.#streams.delete(stream)
      onClose()
    })
    // Nobody reads what answers a HEAD.
    reply.raw.once('close', () => stream.destroy())
    this.#streams.add(stream)
    stream.push('retry: 1000\n\n')
    return {
      send: (text) => {
        if (stream.readableLength > this.#maxBuffered) stream.destroy()
        else stream.push(text)
      },
      start: () =>
        reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).send(stream)
    }
  }
}
