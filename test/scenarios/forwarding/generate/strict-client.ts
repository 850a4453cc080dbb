import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { readResponse, type StrictResponse } from './strict-response.ts'

/** Longest that anything may take before it counts as hanging, in milliseconds. */
const HANG = 20_000

/** A connection to the gateway on which a test writes bytes itself, and whose responses are read without leniency. */
export class StrictClient {
  readonly socket: Socket
  readonly responses: StrictResponse[] = []
  /** What is wrong with what came, if anything is. */
  problem: string | undefined
  closed = false
  readonly #methods: readonly string[]
  #text = ''
  #at = 0
  #onChange: (() => void) | undefined

  /** @param methods - Of the requests that will be sent, in order. */
  constructor(url: string, methods: readonly string[]) {
    const { hostname, port } = new URL(url)
    this.#methods = methods
    // The gateway may go on sending after this side has finished.
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (chunk: string) => {
      this.#text += chunk
      this.#read()
    })
    // A reset is one way to be closed.
    this.socket.on('error', () => {})
    this.socket.once('end', () => this.socket.end())
    this.socket.once('close', () => {
      this.closed = true
      this.#read()
    })
  }

  /** What came that is no whole response. */
  get rest(): string {
    return this.#text.slice(this.#at)
  }

  async connected(): Promise<void> {
    await once(this.socket, 'connect')
  }

  /**
   * Waits for so many responses, or the connection's end, or a while.
   *
   * @throws Error when that is long enough to be called hanging.
   */
  async untilResponses(count: number, within = HANG): Promise<void> {
    await this.#until(() => this.responses.length >= count || this.closed, within)
  }

  /** Sends no more, and waits until the gateway has closed as well. */
  async finish(): Promise<void> {
    this.socket.end()
    try {
      await this.#until(() => this.closed, HANG)
    } finally {
      this.socket.destroy()
    }
  }

  async #until(isSo: () => boolean, within: number): Promise<void> {
    if (isSo()) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      if (within < HANG) resolve()
      else reject(new Error(`hangs with ${this.responses.length} responses and ${JSON.stringify(this.rest)}`))
    }, within)
    this.#onChange = () => {
      if (isSo()) resolve()
    }
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#onChange = undefined
    }
  }

  #read(): void {
    while (this.#at < this.#text.length && this.problem === undefined) {
      const method = this.#methods[this.responses.length] ?? ''
      const read = readResponse(this.#text, this.#at, method, this.closed)
      if (read.state === 'bad') this.problem = `${read.why} of ${JSON.stringify(this.rest)}`
      if (read.state !== 'done') break
      this.responses.push(read.response)
      this.#at = read.end
    }
    this.#onChange?.()
  }
}
