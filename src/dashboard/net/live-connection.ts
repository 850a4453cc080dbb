import type { LiveMessage } from '../../admin/live/wire.ts'

/** How the live stream is. */
export type Connection = 'connecting' | 'live' | 'away' | 'paused'

/** Who is told of what comes. */
export interface LiveListener {
  readonly onMessage: (message: LiveMessage) => void
  readonly onConnection: (connection: Connection) => void
  /** The stream ended: is somebody still logged in? */
  readonly isWelcome: () => Promise<boolean>
}

/** Without a message for so long the stream is taken for dead, in milliseconds: one comes each second. */
const SILENCE = 5_000

/** Waits before the next try, in milliseconds. */
const WAITS = [250, 500, 1000, 2000, 3000]

/**
 * Reads the live stream for as long as the page is to be seen: a browser has six connections for a host, and hidden pages
 * would keep them from the ones that are looked at.
 */
export class LiveConnection {
  readonly #listener: LiveListener
  #source: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #isStopped = false

  constructor(listener: LiveListener) {
    this.#listener = listener
    document.addEventListener('visibilitychange', this.#onVisibility)
    if (document.hidden) listener.onConnection('paused')
    else this.#open()
  }

  stop(): void {
    this.#isStopped = true
    document.removeEventListener('visibilitychange', this.#onVisibility)
    this.#close()
  }

  readonly #onVisibility = (): void => {
    if (document.hidden) {
      this.#close()
      this.#listener.onConnection('paused')
    } else if (!this.#source) {
      this.#listener.onConnection('connecting')
      this.#open()
    }
  }

  #open(): void {
    this.#close()
    const source = new EventSource('/api/live')
    this.#source = source
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      if (this.#source !== source) return
      this.#failures = 0
      this.#expectMore()
      this.#listener.onMessage(JSON.parse(data) as LiveMessage)
      this.#listener.onConnection('live')
    })
    source.addEventListener('error', () => void this.#lost(source))
    this.#expectMore()
  }

  #expectMore(): void {
    clearTimeout(this.#timer)
    const source = this.#source
    if (source) this.#timer = setTimeout(() => void this.#lost(source), SILENCE)
  }

  /** Comes back by itself: EventSource gives up on whatever is no stream, a 502 of a proxy among it. */
  async #lost(source: EventSource): Promise<void> {
    if (this.#source !== source) return
    this.#close()
    this.#listener.onConnection('away')
    if (!(await this.#listener.isWelcome()) || this.#isStopped || document.hidden || this.#source) return
    const wait = WAITS[Math.min(this.#failures++, WAITS.length - 1)]!
    this.#timer = setTimeout(() => this.#open(), wait)
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = undefined
  }
}
