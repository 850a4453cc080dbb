import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Cleanup } from './cleanup.ts'
import type { Fault } from './fault.ts'
import { type ConnectionOwner, FaultConnection } from './fault-connection.ts'
import { freePort } from './redis-server.ts'

const PASS: Fault = { kind: 'pass' }

/** Where a proxy listens, and for whom. */
export interface FaultProxyOptions {
  /** An address of this machine, by default 127.0.0.1. */
  readonly host?: string
  /** By default a free one, which no outgoing connection takes while nobody listens there. */
  readonly port?: number
  /** The port of the backend at 127.0.0.1. */
  readonly target: number
}

/**
 * A TCP proxy that stands in front of a backend and can be told at any time how to fail. For tests and benchmarks on
 * loopback: it trusts everybody and bounds nothing.
 */
export class FaultProxy implements ConnectionOwner {
  readonly host: string
  readonly port: number
  /** Where new connections go; a backend that comes back may be elsewhere. */
  target: { readonly host: string; readonly port: number }
  readonly #server: Server
  readonly #connections = new Set<FaultConnection>()
  #fault: Fault = PASS

  private constructor(host: string, port: number, target: number) {
    this.host = host
    this.port = port
    this.target = { host: '127.0.0.1', port: target }
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new FaultConnection(socket, this)
      this.#connections.add(connection)
      socket.once('close', () => this.#connections.delete(connection))
    })
  }

  /** Starts one that lets everything pass; it ends with the test. */
  static async start(t: Cleanup, options: FaultProxyOptions): Promise<FaultProxy> {
    const { host = '127.0.0.1', port = await freePort(), target } = options
    const proxy = new FaultProxy(host, port, target)
    await proxy.#listen()
    t.after(() => proxy.#close())
    return proxy
  }

  get url(): string {
    return `http://${this.host}:${this.port}`
  }

  get fault(): Fault {
    return this.#fault
  }

  /** Connections that are open, those that have vanished included. */
  get connections(): number {
    return this.#connections.size
  }

  /** Fails in another way from now on, or not at all; what is under way as much as what comes. */
  async set(fault: Fault): Promise<void> {
    this.#fault = fault
    for (const connection of this.#connections) connection.faultChanged()
    if (fault.kind === 'refuse') await this.#stopListening()
    else await this.#listen()
  }

  /** Lets everything pass again. */
  async heal(): Promise<void> {
    await this.set(PASS)
  }

  async #listen(): Promise<void> {
    if (this.#server.listening) return
    this.#server.listen(this.port, this.host)
    await once(this.#server, 'listening')
  }

  async #stopListening(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    // It listens no more from here on; that is over when its connections are.
    await Promise.resolve()
  }

  async #close(): Promise<void> {
    for (const connection of this.#connections) connection.reset()
    await this.#stopListening()
  }
}
