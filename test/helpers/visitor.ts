import { type Exchanged, exchange, type ExchangeOptions } from './exchange.ts'

/** A client that keeps its cookies, as browsers do, and comes over a connection of its own each time. */
export class Visitor {
  readonly #cookies = new Map<string, string>()
  /** The Set-Cookie fields of the last response. */
  lastSet: readonly string[] = []

  /** The value that it has of a cookie. */
  cookie(name: string): string | undefined {
    return this.#cookies.get(name)
  }

  /** Takes a cookie from elsewhere. */
  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value)
  }

  async visit(url: string, { headers, ...options }: ExchangeOptions = {}): Promise<Exchanged> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const exchanged = await exchange(url, {
      ...options,
      headers: { ...headers, ...(cookie !== '' && { cookie }) }
    })
    this.lastSet = exchanged.headers['set-cookie'] ?? []
    for (const field of this.lastSet) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(field)!
      this.#cookies.set(name!, value!)
    }
    return exchanged
  }
}

/** So many visitors, who have not been here yet. */
export function visitors(count: number): Visitor[] {
  return Array.from({ length: count }, () => new Visitor())
}
