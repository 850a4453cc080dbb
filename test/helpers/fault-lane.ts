import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './fault.ts'

/** What one direction of a connection through a fault proxy needs to know of it. */
export interface LaneOwner {
  /** As it is now. */
  readonly fault: Fault
  /** Whether one side has vanished: nothing passes any more, nor ever will. */
  readonly hasVanished: boolean
  /** Bytes, or the end, did not get through: the connection is of no use any more. */
  onLost(): void
  /** As many bytes as the fault lets through have passed. */
  onCut(): void
}

/** One direction of a connection: one piece after the other, each by the fault of its moment. */
export class FaultLane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #owner: LaneOwner
  readonly #isBackward: boolean
  /** What {@link #left} counts down for. */
  #counted: Fault | undefined
  /** Bytes that may still pass until the connection is cut. */
  #left = 0

  /** @param isBackward - Whether it is the way of responses: only those are cut short and slowed to a trickle. */
  constructor(from: Socket, to: Socket, owner: LaneOwner, isBackward: boolean) {
    this.#from = from
    this.#to = to
    this.#owner = owner
    this.#isBackward = isBackward
    from.on('data', (piece: Buffer) => {
      // No end comes before the piece is through: nothing is read meanwhile.
      from.pause()
      void this.#pass(piece).then(() => this.#next())
    })
    from.on('end', () => this.#end())
  }

  #next(): void {
    if (!this.#owner.hasVanished) this.#from.resume()
  }

  #end(): void {
    if (this.#owner.fault.kind === 'blackhole') this.#owner.onLost()
    else if (!this.#owner.hasVanished && this.#to.writable) this.#to.end()
  }

  async #pass(piece: Buffer): Promise<void> {
    const { fault, hasVanished } = this.#owner
    if (hasVanished || fault.kind === 'blackhole') this.#owner.onLost()
    else if (fault.kind === 'delay') await this.#delay(piece, fault.by)
    else if (this.#isBackward && fault.kind === 'trickle') await this.#trickle(piece, fault)
    else if (this.#isBackward && (fault.kind === 'reset' || fault.kind === 'truncate'))
      await this.#count(piece, fault)
    else await this.#write(piece)
  }

  async #delay(piece: Buffer, by: number): Promise<void> {
    await delay(by)
    const { fault, hasVanished } = this.#owner
    // What was on its way when all went silent is lost, too.
    if (hasVanished || fault.kind === 'blackhole') this.#owner.onLost()
    else await this.#write(piece)
  }

  async #count(piece: Buffer, fault: Extract<Fault, { after: number }>): Promise<void> {
    if (this.#counted !== fault) {
      this.#counted = fault
      this.#left = fault.after
    }
    const passes = piece.subarray(0, this.#left)
    this.#left -= passes.length
    if (passes.length > 0) await this.#write(passes)
    if (passes.length < piece.length || this.#left === 0) this.#owner.onCut()
  }

  /** Goes on by whatever comes next as soon as the fault is another one. */
  async #trickle(piece: Buffer, fault: Extract<Fault, { every: number }>): Promise<void> {
    let rest = piece
    while (rest.length > 0 && this.#owner.fault === fault && this.#to.writable) {
      await this.#write(rest.subarray(0, fault.bytes))
      rest = rest.subarray(fault.bytes)
      await delay(fault.every)
    }
    if (rest.length > 0 && this.#to.writable) await this.#pass(rest)
  }

  /** Returns when it is written: who is slow to read slows the other side. */
  async #write(piece: Buffer): Promise<void> {
    if (!this.#to.writable) return
    await new Promise<void>((resolve) => void this.#to.write(piece, () => resolve()))
  }
}
