import { hash, randomBytes } from 'node:crypto'

/** What a browser has instead of a token. */
export interface Session {
  /** SHA-256 of the token that it was opened with: it is good for as long as that is. */
  readonly token: Buffer
  /** When it ends, in milliseconds of the clock. */
  readonly expires: number
}

/** How {@link Sessions} are kept. */
export interface SessionsOptions {
  /** How long each lasts, in milliseconds. */
  readonly life: number
  /** How many there may be: beyond, the oldest ends. */
  readonly most: number
  /** Called when one has ended by time or by a newer one. */
  readonly onEnd?: () => void
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Makes a secret of so many bytes. */
  readonly random?: (bytes: number) => Buffer
}

/** Bytes of a secret: nobody guesses one. */
const SECRET_SIZE = 32

/** The sessions of the dashboard. They are in memory only, by the hashes of their secrets, and end with the process. */
export class Sessions {
  readonly #options: Required<SessionsOptions>
  /** In the order in which they were opened. */
  readonly #open = new Map<string, { readonly session: Session; readonly timer: NodeJS.Timeout }>()

  constructor(options: SessionsOptions) {
    this.#options = { onEnd: () => {}, now: Date.now, random: randomBytes, ...options }
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Opens one.
   *
   * @param token - SHA-256 of the token.
   * @returns The secret that the browser shows from now on.
   */
  open(token: Buffer): { readonly secret: string; readonly session: Session } {
    const { life, most, now, random, onEnd } = this.#options
    const secret = random(SECRET_SIZE).toString('base64url')
    const session = { token, expires: now() + life }
    const key = keyOf(secret)
    const timer = setTimeout(() => {
      this.#end(key)
      onEnd()
    }, life).unref()
    this.#open.set(key, { session, timer })
    if (this.#open.size > most) {
      for (const oldest of this.#open.keys()) {
        this.#end(oldest)
        break
      }
      onEnd()
    }
    return { secret, session }
  }

  /** The session of a secret; undefined when it is none, or over. */
  find(secret: string): Session | undefined {
    const found = this.#open.get(keyOf(secret))?.session
    return found && found.expires > this.#options.now() ? found : undefined
  }

  /** Ends one; of no effect when there is none. */
  close(secret: string): void {
    this.#end(keyOf(secret))
  }

  /** Ends those whose token is not good any more. */
  retain(isGood: (token: Buffer) => boolean): void {
    for (const [key, { session }] of this.#open) if (!isGood(session.token)) this.#end(key)
  }

  /** Ends all. */
  clear(): void {
    for (const key of this.#open.keys()) this.#end(key)
  }

  #end(key: string): void {
    clearTimeout(this.#open.get(key)?.timer)
    this.#open.delete(key)
  }
}

/** What a secret is known by: neither a dump of the memory nor the time of a look-up tells it. */
function keyOf(secret: string): string {
  return hash('sha256', secret, 'base64url')
}
