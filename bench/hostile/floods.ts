import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Tally } from './tally.ts'

/** Whom to flood, and from where. */
export interface FloodTarget {
  readonly port: number
  /** The attacker's address. */
  readonly from: string
  /** 1 = as much as `bench:hostile` sends; less for a sample. */
  readonly strength: number
  readonly tally: Tally
}

/** Floods until the signal says enough; then its connections are closed. */
export type Flood = (target: FloodTarget, signal: AbortSignal) => Promise<void>

/** How often a flood acts, in milliseconds. */
const TICK = 20

/** Calls so many times a second, until the signal says enough. */
export async function atPace(signal: AbortSignal, perSecond: number, act: () => void): Promise<void> {
  const start = performance.now()
  let done = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) * perSecond) / 1000)
    for (; done < due; done++) act()
  }, TICK)
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  clearInterval(timer)
}

/** The connections of a flood; those that the other side ends are counted. */
export class FloodSockets {
  readonly #target: FloodTarget
  readonly #open = new Set<Socket>()
  #isOver = false

  constructor(target: FloodTarget) {
    this.#target = target
  }

  get size(): number {
    return this.#open.size
  }

  /** Opens one more. */
  open(onConnect: (socket: Socket) => void): void {
    const { port, from, tally } = this.#target
    const socket = connect({ host: '127.0.0.1', port, localAddress: from })
    let isEnded = false
    this.#open.add(socket)
    tally.add('opened')
    socket.on('end', () => (isEnded = true))
    socket.on('error', () => (isEnded = true))
    socket.on('data', (piece: Buffer) => tally.addStatuses(piece))
    socket.once('connect', () => onConnect(socket))
    socket.once('close', () => {
      this.#open.delete(socket)
      if (isEnded && !this.#isOver) tally.add('closed')
    })
  }

  destroy(): void {
    this.#isOver = true
    for (const socket of this.#open) socket.resetAndDestroy()
  }
}

/** Floods over HTTP/1.1, by name. */
export const FLOODS: Readonly<Record<string, Flood>> = {
  /** Connections that say nothing and are gone again. */
  connections: (target, signal) => onConnections(target, signal, 800, (socket) => void socket.destroy()),

  /** Connections that say nothing and stay, more than there may be. */
  idle: async (target, signal) => {
    const most = 4_000 * target.strength
    await onConnections(target, signal, 1_000, () => {}, most)
  },

  /** Bytes that are no HTTP. */
  garbage: (target, signal) => {
    const bytes = randomBytes(64 * 1024)
    return onConnections(target, signal, 400, (socket) => {
      const at = Math.floor(Math.random() * (bytes.length - 1024))
      socket.write(bytes.subarray(at, at + 1024))
    })
  },

  /** Requests of one address, each connection asking as soon as it was answered, without end. */
  requests: async (target, signal) => {
    const request = 'GET /limited HTTP/1.1\r\nHost: shop.test\r\n\r\n'
    const sockets = new FloodSockets(target)
    const keep = (): void => {
      while (sockets.size < 50 * target.strength)
        sockets.open((socket) => {
          socket.on('data', () => void socket.write(request))
          socket.write(request)
        })
    }
    await atPace(signal, 10, keep)
    sockets.destroy()
  },

  /** Headers of 256 KiB in one field, and of thousands of fields. */
  headers: (target, signal) => {
    const large = `GET / HTTP/1.1\r\nHost: shop.test\r\nX-Large: ${'y'.repeat(256 * 1024)}\r\n\r\n`
    const fields = Array.from({ length: 5_000 }, (_, index) => `X-${index}: y\r\n`).join('')
    const many = `GET / HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n`
    let turn = 0
    return onConnections(target, signal, 100, (socket) => void socket.write(turn++ % 2 === 0 ? large : many))
  },

  /** Bodies that are larger than they may be, and never end. */
  bodies: async (target, signal) => {
    const head = 'POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n'
    const chunk = `10000\r\n${'z'.repeat(0x1_00_00)}\r\n`
    await onConnections(target, signal, 20, (socket) => {
      socket.write(head)
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      }
      socket.on('drain', more)
      more()
    })
  }
}

/** Opens connections at a pace, and does something over each. @param most - That may be open at once. */
async function onConnections(
  target: FloodTarget,
  signal: AbortSignal,
  perSecond: number,
  act: (socket: Socket) => void,
  most = Infinity
): Promise<void> {
  const sockets = new FloodSockets(target)
  let opened = 0
  await atPace(signal, perSecond * target.strength, () => {
    if (opened++ < most) sockets.open(act)
  })
  sockets.destroy()
}
