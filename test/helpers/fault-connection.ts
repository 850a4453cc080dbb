import { connect, type Socket } from 'node:net'
import type { Fault } from './fault.ts'
import { FaultLane, type LaneOwner } from './fault-lane.ts'

/** What a connection needs to know of its proxy. */
export interface ConnectionOwner {
  /** As it is now. */
  readonly fault: Fault
  /** Where the backend is. */
  readonly target: { readonly host: string; readonly port: number }
}

/** One connection through a fault proxy. */
export class FaultConnection implements LaneOwner {
  readonly #owner: ConnectionOwner
  /** To who has connected. */
  readonly #front: Socket
  /** To the backend. */
  #back: Socket | undefined
  #hasLost = false
  #isCut = false
  hasVanished = false

  constructor(front: Socket, owner: ConnectionOwner) {
    this.#owner = owner
    this.#front = front
    front.on('error', () => this.reset())
    front.on('close', () => this.#back?.destroy())
    const { fault } = owner
    if (fault.kind === 'half-open') this.#vanish()
    else if (fault.kind === 'garbage') this.#babble(fault)
    else this.#dial()
  }

  get fault(): Fault {
    return this.#owner.fault
  }

  /** The proxy treats its connections in another way from now on. */
  faultChanged(): void {
    const { kind } = this.fault
    if (this.hasVanished) return
    if (kind === 'half-open') this.#vanish()
    else if (kind === 'garbage' || kind === 'refuse' || (this.#hasLost && kind !== 'blackhole')) this.reset()
  }

  /** Ends it at once (RST), for both sides. */
  reset(): void {
    if (!this.#front.destroyed) this.#front.resetAndDestroy()
    this.#back?.destroy()
  }

  onLost(): void {
    this.#hasLost = true
  }

  onCut(): void {
    if (this.#isCut) return
    this.#isCut = true
    if (this.fault.kind === 'truncate') {
      this.#front.end()
      this.#back?.destroy()
      // Whatever it still says is of no interest; but unread, it would make a reset of the end.
      this.#front.removeAllListeners('data').resume()
    } else this.reset()
  }

  #dial(): void {
    const back = connect({ ...this.#owner.target, allowHalfOpen: true, noDelay: true })
    this.#back = back
    // A backend that is not there, or breaks off, does so for who has connected.
    back.on('error', () => this.reset())
    void new FaultLane(this.#front, back, this, false)
    void new FaultLane(back, this.#front, this, true)
  }

  /** From now on it says nothing, reads nothing and never ends, until the other side or the proxy ends it. */
  #vanish(): void {
    this.hasVanished = true
    this.#front.pause()
    this.#back
      ?.removeAllListeners('error')
      .on('error', () => {})
      .destroy()
  }

  #babble({ text, ends }: Extract<Fault, { kind: 'garbage' }>): void {
    this.#front.once('data', () => {
      this.#front.write(text, 'latin1')
      if (ends) this.#front.end()
    })
    this.#front.on('data', () => {})
    this.#front.on('end', () => this.#front.end())
  }
}
