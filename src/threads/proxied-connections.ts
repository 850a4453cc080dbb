import type { Socket } from 'node:net'
import { type AddressBlocks, addressBlocks } from '../address-blocks.ts'
import { parseProxyHeader, type ProxySource } from './proxy-protocol.ts'

/** The clients that PROXY protocol headers named, by the connection that each came on. */
const sources = new WeakMap<Socket, ProxySource>()

/**
 * Reads the PROXY protocol header of new connections. Those of certain peers must begin with one, so that nobody else
 * can claim to be somebody: what other peers send is taken as it is.
 */
export class ProxiedConnections {
  readonly #peers: AddressBlocks
  readonly #timeout: number

  /**
   * @param peers - Addresses and CIDR blocks whose connections begin with a header.
   * @param timeout - Milliseconds that one has to send it.
   */
  constructor(peers: readonly string[], timeout: number) {
    this.#peers = addressBlocks(peers)
    this.#timeout = timeout
  }

  /** Whether a new connection begins with a header. */
  awaitsHeader(socket: Socket): boolean {
    return this.#peers.has(socket.remoteAddress)
  }

  /**
   * @param socket - One that {@link awaitsHeader}.
   * @param ready - Given the connection once it is at its first byte behind the header, paused, with the client's
   *   address as its remote one; never given one whose header is wrong or late, which is closed.
   */
  accept(socket: Socket, ready: () => void): void {
    readHeader(socket, this.#timeout, ready)
  }
}

/** Gives a socket that stands on another one the client's address too. */
export function conveySource(from: Socket, to: Socket): void {
  const source = sources.get(from)
  if (source) setSource(to, source)
}

function setSource(socket: Socket, source: ProxySource): void {
  sources.set(socket, source)
  Object.defineProperties(socket, {
    remoteAddress: { value: source.address, configurable: true },
    remotePort: { value: source.port, configurable: true },
    remoteFamily: { value: source.family, configurable: true }
  })
}

function readHeader(socket: Socket, timeout: number, ready: () => void): void {
  let bytes: Buffer = Buffer.alloc(0)
  const close = (): void => void socket.destroy()
  const timer = setTimeout(close, timeout)
  const settle = (): void => {
    clearTimeout(timer)
    socket.off('data', onData).off('end', close).off('error', close).off('close', settle)
  }
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    const header = parseProxyHeader(bytes)
    if (header.kind === 'incomplete') return
    if (header.kind === 'invalid') {
      close()
      return
    }
    settle()
    socket.pause()
    if (header.source) setSource(socket, header.source)
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length))
    ready()
  }
  socket.on('data', onData).on('end', close).on('error', close).on('close', settle)
}
