import type { Socket } from 'node:net'
import { type AddressBlocks, addressBlocks, plainAddress } from '../address-blocks.ts'
import { networkOf } from '../limit-key.ts'
import { type ClientCounts, UNCOUNTED } from '../limits/client-counts.ts'
import { ClientConnection } from './client-connection.ts'
import { checkInterval, type ListenerLimits } from './client-limits.ts'
import { TurnedAway, type TurnedAwayReport } from './turned-away.ts'

/** Idle connections that are found at once: many new ones must not cost a search each. */
const BATCH = 64
/** How long none is looked for after there was none, in milliseconds. */
const FRUITLESS = 50

/** What a thread's listeners share about the connections of clients. */
export class ConnectionLedger {
  readonly counts: ClientCounts
  readonly tooMany: TurnedAway
  readonly tooManyOfOne: TurnedAway

  /** @param observe - Told of connections that were turned away. */
  constructor(counts: ClientCounts, observe: (report: TurnedAwayReport) => void) {
    this.counts = counts
    this.tooMany = new TurnedAway('max_connections', observe)
    this.tooManyOfOne = new TurnedAway('max_connections_per_ip', observe)
  }
}

/** An idle connection, and since when it was. */
interface Candidate {
  readonly connection: ClientConnection
  readonly since: number
}

/** All connections that one listening socket has accepted, upgraded ones too. */
export class ClientConnections {
  readonly #limits: ListenerLimits
  readonly #ledger: ConnectionLedger
  readonly #many: AddressBlocks
  /** Dense, in no order: a flood of connections must not keep a Set growing anew. */
  readonly #all: ClientConnection[] = []
  /** Those to be closed next for new ones, the one that is idle for longest last. */
  #candidates: Candidate[] = []
  #fruitlessUntil = 0
  /** Who waits until all are gone. */
  #none: PromiseWithResolvers<void> | undefined
  readonly #interval: number
  readonly #timer: NodeJS.Timeout
  #checkedAt = performance.now()

  constructor(limits: ListenerLimits, ledger: ConnectionLedger) {
    this.#limits = limits
    this.#ledger = ledger
    this.#many = addressBlocks(limits.manyConnections)
    this.#interval = checkInterval(limits)
    this.#timer = setInterval(() => this.#check(), this.#interval).unref()
  }

  /** @returns Those that are there; not to be kept. */
  get all(): readonly ClientConnection[] {
    return this.#all
  }

  /**
   * Counts a new connection in, at the cost of the one that is idle for longest if there are too many.
   *
   * @returns Undefined when it was closed at once, since all others are busy.
   */
  accept(socket: Socket): ClientConnection | undefined {
    const { counts, tooMany } = this.#ledger
    const { maxConnections } = this.#limits
    // Counted first, so that two threads can't both take the last place.
    counts.open()
    if (maxConnections > 0 && counts.total > maxConnections && !this.#makeRoom()) {
      counts.close()
      counts.tally('refused')
      tooMany.refused()
      socket.destroy()
      return undefined
    }
    counts.tally('accepted')
    const connection = new ClientConnection(socket)
    connection.place = this.#all.push(connection) - 1
    socket.once('close', () => this.#forget(connection))
    return connection
  }

  /**
   * Counts a connection for its client's address, once that is known.
   *
   * @returns Whether it may stay; otherwise it was closed.
   */
  countAddress(connection: ClientConnection): boolean {
    const { socket } = connection
    const place = this.#enterAddress(socket)
    if (place === undefined) return false
    connection.addressPlace = place
    return true
  }

  /**
   * As {@link accept} and {@link countAddress}, for a connection whose address is known at once: one that is refused for
   * that costs nobody else a connection.
   */
  acceptKnown(socket: Socket): ClientConnection | undefined {
    const place = this.#enterAddress(socket)
    if (place === undefined) return undefined
    const connection = this.accept(socket)
    if (connection) connection.addressPlace = place
    else this.#ledger.counts.leave(place)
    return connection
  }

  /** @returns When there are none any more. */
  async untilNone(): Promise<void> {
    if (this.#all.length === 0) return
    this.#none ??= Promise.withResolvers()
    await this.#none.promise
  }

  /** Watches no longer. Called when all are gone. */
  close(): void {
    clearInterval(this.#timer)
  }

  /** @returns Where it is counted; undefined when it was closed. */
  #enterAddress(socket: Socket): number | undefined {
    const { counts, tooManyOfOne } = this.#ledger
    const { maxConnectionsPerIp } = this.#limits
    const address = plainAddress(socket.remoteAddress)
    if (this.#many.has(address)) return UNCOUNTED
    // Also when there is no limit: a reload may bring one.
    const place = counts.enter(networkOf(address))
    if (maxConnectionsPerIp === 0 || counts.count <= maxConnectionsPerIp) return place
    counts.leave(place)
    counts.tally('refusedOfOne')
    tooManyOfOne.refused()
    socket.destroy()
    return undefined
  }

  #forget(connection: ClientConnection): void {
    const { place } = connection
    if (place === -1) return
    connection.place = -1
    this.#ledger.counts.close()
    this.#ledger.counts.leave(connection.addressPlace)
    const last = this.#all.pop()!
    if (this.#all.length === 0) this.#none?.resolve()
    if (last === connection) return
    last.place = place
    this.#all[place] = last
  }

  /** Closes the connection that is idle for longest. @returns Whether there was one. */
  #makeRoom(): boolean {
    const now = performance.now()
    for (let isFresh = false; ;) {
      const candidate = this.#candidates.pop()
      if (!candidate) {
        if (isFresh || now < this.#fruitlessUntil) return false
        this.#candidates = this.#longestIdle()
        isFresh = true
        if (this.#candidates.length === 0) this.#fruitlessUntil = now + FRUITLESS
        continue
      }
      const { connection, since } = candidate
      if (connection.place === -1 || connection.idleSince !== since) continue
      this.#ledger.counts.tally('evicted')
      this.#ledger.tooMany.evicted()
      connection.socket.destroy()
      this.#forget(connection)
      return true
    }
  }

  #longestIdle(): Candidate[] {
    const idle: Candidate[] = []
    for (const connection of this.#all) {
      const since = connection.idleSince
      if (since !== undefined) idle.push({ connection, since })
    }
    idle.sort((one, other) => other.since - one.since)
    // Half of them at most: what is idle now may not be so when its turn comes.
    return idle.slice(-Math.max(1, Math.min(BATCH, Math.floor(idle.length / 2))))
  }

  #check(): void {
    const now = performance.now()
    const elapsed = now - this.#checkedAt
    this.#checkedAt = now
    const heldUp = elapsed > 2 * this.#interval ? elapsed - this.#interval : 0
    // From behind: what is closed meanwhile is replaced by the last.
    for (let index = this.#all.length - 1; index >= 0; index--) this.#all[index]?.user?.check(now, heldUp)
  }
}
