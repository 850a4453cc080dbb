import { authority } from '../threads/reserve-port.ts'
import { CommandError, type CommandOptions, NoGatewayError, UsageError } from './main.ts'

/** What an admin API answered: JSON, if anything. */
export interface AdminReply {
  readonly status: number
  readonly body: unknown
}

/** How long the admin API may take, in milliseconds; a change is in force everywhere before it is answered. */
const PATIENCE = 10_000

/** The admin API of a running gateway, as the commands use it. */
export class AdminClient {
  /** Where it is asked. */
  readonly base: string
  readonly #headers: Readonly<Record<string, string>>

  private constructor(base: string, token: string | undefined) {
    this.base = base
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  }

  /**
   * That of `--admin`, by default as the configuration says; with `--token`, else `XECUREAPI_TOKEN`.
   *
   * @throws UsageError when one of them can't be used; ConfigError.
   */
  static async of(options: Pick<CommandOptions, 'admin' | 'config' | 'token'>): Promise<AdminClient> {
    // An empty variable is how shells and containers unset one.
    const { admin, config, token = process.env.XECUREAPI_TOKEN || undefined } = options
    checkAdmin(admin)
    // What the platform says of it would quote the token.
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw new UsageError('--token, or XECUREAPI_TOKEN, has characters that no token has, or none')
    }
    return new AdminClient(admin ?? (await configuredAdmin(config)), token)
  }

  /**
   * Asks, whatever the answer.
   *
   * @param path - Below the admin URL.
   * @param patience - Milliseconds.
   * @throws NoGatewayError when nobody answers in time, or something else than a gateway does.
   */
  async ask(method: string, path: string, body?: unknown, patience = PATIENCE): Promise<AdminReply> {
    const { base } = this
    try {
      const response = await fetch(new URL(path, base.endsWith('/') ? base : `${base}/`), {
        method,
        headers: { ...this.#headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(patience)
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    } catch (error) {
      throw new NoGatewayError(`no gateway answers at ${base}: ${reasonOf(error as Error)}`)
    }
  }

  /**
   * Asks for something that must be done.
   *
   * @throws CommandError with what the gateway says when it refuses, besides what {@link ask} throws.
   */
  async demand(method: string, path: string, body?: unknown): Promise<AdminReply> {
    const reply = await this.ask(method, path, body)
    if (reply.status >= 300) throw this.refusal(reply)
    return reply
  }

  /** The error that a reply is which does not do what it was asked for. */
  refusal({ body }: AdminReply): CommandError {
    const detail = (body as { detail?: unknown } | undefined)?.detail
    const said = typeof detail === 'string' ? detail : 'it does not say why'
    return new CommandError(`the gateway at ${this.base} refuses: ${said}`)
  }
}

/** @throws UsageError when `--admin` is no URL that can be asked. */
export function checkAdmin(text: string | undefined): void {
  if (text === undefined) return
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`expected --admin http://HOST:PORT, got "${text}"`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('expected --admin without user and password: that is what --token is for')
  }
}

async function configuredAdmin(file: string): Promise<string> {
  // With --admin nothing of it is needed, and it is most of what there is to load.
  const { loadConfig } = await import('../config/load.ts')
  const { admin } = await loadConfig(file)
  return `http://${authority(admin.host, admin.port)}`
}

function reasonOf(error: Error): string {
  if (error.name === 'TimeoutError') return 'it took too long, and whether it was done is not known'
  if (error instanceof SyntaxError) return 'what answers is something else'
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message || ((cause as NodeJS.ErrnoException).code ?? error.message)
}
