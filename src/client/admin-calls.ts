import { patience, readRetryAfter } from './pace.ts'

/** What an admin API answered; below 300 it did what it was asked for. */
export interface AdminAnswer {
  /** The admin URL that answered. */
  readonly gateway: string
  readonly status: number
  /** Its JSON; undefined when there is none. */
  readonly body: unknown
  /** Why it refuses, as it says. */
  readonly detail: string
}

/** Nobody answered, or nobody who can do it now; another time may be better. */
export class Unanswered extends Error {
  /** What the gateway asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(reason: string, retryAfter?: number) {
    super(reason)
    this.name = 'Unanswered'
    this.retryAfter = retryAfter
  }
}

/** What {@link AdminCalls} needs. */
export interface AdminCallsOptions {
  /** Admin URLs of gateways that share what is registered. */
  readonly gateways: readonly string[]
  readonly token: string | undefined
  readonly fetch: typeof fetch
  /** Length of the lease that the calls are about, in milliseconds. */
  readonly ttl: number
}

/** Calls of the admin API, of whichever gateway answers: first the one that did the last time. */
export class AdminCalls {
  readonly #options: AdminCallsOptions
  readonly #headers: Readonly<Record<string, string>>
  #first = 0

  /** @throws TypeError when a URL or the token can't be used. */
  constructor(options: AdminCallsOptions) {
    if (options.gateways.length === 0) throw new TypeError('expected at least one gateway')
    for (const gateway of options.gateways) checkGateway(gateway)
    this.#options = options
    this.#headers = authorization(options.token)
  }

  /**
   * @param path - Below the admin URL.
   * @throws Unanswered when no gateway answers, or all say 5xx, 408, 425 or 429; the reason of `signal` when that is
   *   aborted.
   */
  async call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<AdminAnswer> {
    const { gateways } = this.#options
    let failure = new Unanswered('no gateway was asked')
    const first = this.#first
    for (const turn of gateways.keys()) {
      const place = (first + turn) % gateways.length
      try {
        const answer = await this.#ask(gateways[place]!, method, path, body, signal)
        this.#first = place
        return answer
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error
        failure = error
      }
    }
    // Nobody is better than another: whose turn it is next must not always be the same one's that hangs.
    this.#first = (first + 1) % gateways.length
    throw failure
  }

  async #ask(
    gateway: string,
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal | undefined
  ): Promise<AdminAnswer> {
    const { fetch, ttl } = this.#options
    const late = AbortSignal.timeout(patience(method, ttl))
    let response: Response
    let text: string
    try {
      response = await fetch(new URL(path, gateway.endsWith('/') ? gateway : `${gateway}/`), {
        method,
        headers: { ...this.#headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'manual',
        signal: signal ? AbortSignal.any([late, signal]) : late
      })
      text = await response.text()
    } catch (error) {
      signal?.throwIfAborted()
      throw new Unanswered(
        `${gateway}: ${late.aborted ? 'does not answer in time' : reasonOf(error as Error)}`
      )
    }
    const parsed = parse(text)
    const { status } = response
    const detail = (parsed as { detail?: unknown } | undefined)?.detail
    const said = typeof detail === 'string' ? detail : 'it does not say why'
    if (isTransient(status)) {
      const retryAfter = readRetryAfter(response.headers.get('retry-after'), Date.now())
      throw new Unanswered(`${gateway}: ${status}: ${said}`, retryAfter)
    }
    return { gateway, status, body: parsed, detail: said }
  }
}

/** Whether the same call may do better later (RFC 9110 section 15, RFC 8470 section 5.2, RFC 6585 section 4). */
function isTransient(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429
}

/** Of a failed fetch the cause says what happened. */
function reasonOf(error: Error): string {
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message || ((cause as NodeJS.ErrnoException).code ?? error.message)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What fetch would refuse each time can't be mended by trying again. */
function checkGateway(text: string): void {
  const url = URL.parse(text)
  const isUsable = url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  if (!isUsable)
    throw new TypeError('expected admin URLs such as http://HOST:9090, without user and password')
}

function authorization(token: string | undefined): Record<string, string> {
  if (token === undefined) return {}
  // What the platform says of it would quote the token.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError('the token has characters that no token has')
  return { authorization: `Bearer ${token}` }
}
