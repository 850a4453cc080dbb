import type { ListenOptions } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { ClientCounts, createClientCounts } from '../limits/client-counts.ts'
import { ConnectionLedger } from './client-connections.ts'
import type { RawAnswerObserver } from './client-errors.ts'
import { Front } from './front.ts'
import type { Generation } from './generation.ts'
import type { ListenAddress, TlsMaterial } from './messages.ts'
import { RequestDesk } from './request-desk.ts'
import { ServerContexts } from './server-contexts.ts'
import type { TurnedAwayReport } from './turned-away.ts'

/** How often a stop looks whether all has ended, in milliseconds. */
const END_CHECK_INTERVAL = 50

/** Addresses that a listener tells apart which counts its connections alone. */
const OWN_PLACES = 1024

/** A front with the address that it listens at. */
interface Listening {
  readonly front: Front
  readonly address: ListenAddress
}

/**
 * A listener: a server that outlives the generations behind it, so that a reload touches no connection. Each thread of
 * the data plane has one, and the admin API another.
 */
export class Listener {
  readonly #desk: RequestDesk
  readonly #onTurnedAway: (report: TurnedAwayReport) => void
  /** Those that listened elsewhere and still have connections. */
  readonly #leaving = new Map<Front, Promise<void>>()
  #ledger: ConnectionLedger
  #contexts: ServerContexts | undefined
  #current: Listening | undefined

  /**
   * @param onRawAnswer - Told of the answers to what never became a request.
   * @param onTurnedAway - Told of connections that were turned away, now and then.
   */
  constructor(
    onRawAnswer: RawAnswerObserver = () => {},
    onTurnedAway: (report: TurnedAwayReport) => void = () => {}
  ) {
    this.#desk = new RequestDesk(onRawAnswer)
    this.#onTurnedAway = onTurnedAway
    this.#ledger = new ConnectionLedger(new ClientCounts(createClientCounts(1, OWN_PLACES), 0), onTurnedAway)
  }

  /** Counts connections here, before it first listens; otherwise it counts only its own. */
  countIn(counts: ClientCounts): void {
    this.#ledger = new ConnectionLedger(counts, this.#onTurnedAway)
  }

  /** Hands all requests from now on to this generation. */
  serve(generation: Generation): void {
    this.#desk.generation = generation
  }

  /**
   * Takes the certificates for TLS, before the first listening with it and whenever they or the ticket keys change. New
   * connections get the new ones at once; those that are there stay.
   *
   * @throws Error when they can't be used; then nothing has changed.
   */
  secure(material: TlsMaterial): void {
    const contexts = new ServerContexts(material)
    this.#contexts = contexts
    this.#current?.front.renew(contexts)
    for (const front of this.#leaving.keys()) front.renew(contexts)
  }

  /**
   * Listens at an address, in the way that it asks for; what listened elsewhere or otherwise ends once its requests have.
   *
   * @throws Error when that is not possible; then nothing has changed.
   */
  async listen(address: ListenAddress): Promise<void> {
    const before = this.#current
    if (before && isDeepStrictEqual(before.address, address)) return
    const front = new Front(this.#desk, address, this.#ledger, this.#contexts)
    if (before && isDeepStrictEqual(optionsOf(before.address), optionsOf(address))) {
      front.takeOver(before.front)
      this.#current = { front, address }
      this.#retire(before.front)
      return
    }
    const isInTheWay =
      before?.address.port === address.port && !(before.address.reusePort && address.reusePort)
    if (isInTheWay) before.front.release()
    try {
      await front.listen(optionsOf(address))
    } catch (error) {
      void front.leave()
      if (isInTheWay) await before.front.listen(optionsOf(before.address))
      throw error
    }
    this.#current = { front, address }
    if (before) this.#retire(before.front)
  }

  /** From now on every response closes its connection. */
  drain(): void {
    this.#desk.isDraining = true
    this.#current?.front.endConnections()
    for (const front of this.#leaving.keys()) front.endConnections()
  }

  /**
   * Stops accepting, waits for what is in flight, destroys what is left.
   *
   * @param timeout - Milliseconds to wait.
   * @returns How many requests and upgraded connections were cut.
   */
  async stop(timeout: number): Promise<number> {
    this.drain()
    if (this.#current) this.#retire(this.#current.front)
    await this.#untilEnded(performance.now() + timeout)
    const cut = this.#desk.size
    this.#desk.destroyJoined()
    for (const front of this.#leaving.keys()) front.destroyAll()
    await Promise.all(this.#leaving.values())
    return cut
  }

  /** Lets a front's requests end, and their connections with them. */
  #retire(front: Front): void {
    const gone = front.leave().then(() => void this.#leaving.delete(front))
    this.#leaving.set(front, gone)
  }

  async #untilEnded(deadline: number): Promise<void> {
    while (this.#leaving.size > 0 || this.#desk.size > 0) {
      const left = deadline - performance.now()
      if (left <= 0) return
      await delay(Math.min(left, END_CHECK_INTERVAL))
    }
  }
}

function optionsOf({ host, port, reusePort }: ListenAddress): ListenOptions {
  return { host, port, reusePort }
}
