import { hash } from 'node:crypto'
import { arrivedEssence, arrivedHead, sentEssence, sentHead } from './essence.ts'
import type { ClientReading, RequestHead, StrictRequest } from './strict-request.ts'

/** How many connections back something may still arrive. */
const MEMORY = 3_000

/** The requests that clients have sent, by a strict reading of their bytes: nothing else may arrive, and none twice. */
export class Expectations {
  readonly #authority: string
  /** Connections by what each has sent and has not arrived yet. */
  readonly #requests = new Map<string, number[]>()
  readonly #heads = new Map<string, number[]>()
  readonly #keys: { requests: string[]; heads: string[] }[] = []
  #connections = 0

  /** @param authority - Host of the origin. */
  constructor(authority: string) {
    this.#authority = authority
  }

  /** Expects what a client is about to send. */
  add({ requests, broken }: ClientReading): void {
    const connection = this.#connections++
    const keys = {
      requests: requests.map((request) => keyOf(sentEssence(request, this.#authority))),
      heads: [...requests, ...(broken ? [broken] : [])].map((head) => keyOf(sentHead(head, this.#authority)))
    }
    for (const key of keys.requests) insert(this.#requests, key, connection)
    for (const key of keys.heads) insert(this.#heads, key, connection)
    this.#keys.push(keys)
    if (this.#keys.length > MEMORY) this.#forget(connection - MEMORY)
  }

  /** @returns Whether a request was expected that has not arrived yet. */
  take(request: StrictRequest): boolean {
    const key = keyOf(arrivedEssence(request))
    const connections = this.#requests.get(key)
    if (!connections) return false
    remove(this.#requests, key, connections[0]!)
    return true
  }

  /** @returns Whether a head was expected, of which no more may have arrived. */
  knowsHead(head: RequestHead): boolean {
    return this.#heads.has(keyOf(arrivedHead(head)))
  }

  /** Whether a request that has arrived is the one that was sent. */
  isSame(arrived: StrictRequest, sent: StrictRequest): boolean {
    return keyOf(arrivedEssence(arrived)) === keyOf(sentEssence(sent, this.#authority))
  }

  #forget(connection: number): void {
    const { requests, heads } = this.#keys.shift()!
    for (const key of requests) remove(this.#requests, key, connection)
    for (const key of heads) remove(this.#heads, key, connection)
  }
}

function keyOf(essence: object): string {
  return hash('sha1', JSON.stringify(essence), 'base64')
}

function insert(map: Map<string, number[]>, key: string, connection: number): void {
  const connections = map.get(key)
  if (connections) connections.push(connection)
  else map.set(key, [connection])
}

function remove(map: Map<string, number[]>, key: string, connection: number): void {
  const connections = map.get(key)
  const index = connections?.indexOf(connection) ?? -1
  if (!connections || index === -1) return
  connections.splice(index, 1)
  if (connections.length === 0) map.delete(key)
}
