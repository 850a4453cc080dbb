import type { ServiceTarget } from './dns-answers.ts'
import type { DnsAnswer, DnsLookup, ServiceRecord } from './dns-lookup.ts'
import { type AddressView, KnownAddresses } from './known-addresses.ts'
import { type Doubt, KnownRecords, worstDoubt } from './known-records.ts'

const HOST = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?$/

/** What is known of a service. */
export interface ServiceView {
  /** In no order. */
  readonly targets: readonly ServiceTarget[]
  /** For how long the addresses are good, in milliseconds; absent = none said. The TTL of SRV records is not to be had. */
  readonly ttl?: number
  readonly doubt?: Doubt
}

/** The SRV records of one name and the addresses of their targets, as they were last known. */
export class KnownServices {
  readonly #name: string
  readonly #believeAfter: number
  readonly #services: KnownRecords<ServiceRecord>
  #targets = new Map<string, KnownAddresses>()

  /** @param believeAfter - After which time names without records are believed to have none, in milliseconds. */
  constructor(name: string, believeAfter: number) {
    this.#name = name
    this.#believeAfter = believeAfter
    this.#services = new KnownRecords(believeAfter)
  }

  /** Asks, and tells what is known then. @param now - Clock in milliseconds. */
  async look(lookup: DnsLookup, now: () => number): Promise<ServiceView> {
    const doubt = this.#services.take(usable(await lookup.services(this.#name)), now())
    // When the records are only the last known ones, their targets may still move.
    const names = new Set(this.#services.records.map(({ name }) => name))
    this.#targets = new Map(
      [...names].map((name) => [
        name,
        this.#targets.get(name) ?? new KnownAddresses(name, this.#believeAfter)
      ])
    )
    const views = new Map<string, AddressView>(
      await Promise.all(
        [...this.#targets].map(async ([name, target]) => [name, await target.look(lookup, now)] as const)
      )
    )
    return viewOf(this.#services.records, views, doubt)
  }
}

function viewOf(
  records: readonly ServiceRecord[],
  views: ReadonlyMap<string, AddressView>,
  ownDoubt: Doubt | undefined
): ServiceView {
  const ttls = [...views.values()].flatMap(({ ttl }) => ttl ?? [])
  const doubt = worstDoubt([ownDoubt, ...[...views.values()].map(({ doubt }) => doubt)])
  return {
    targets: records.map((record) => ({ record, addresses: views.get(record.name)?.addresses ?? [] })),
    ...(ttls.length > 0 && { ttl: Math.min(...ttls) }),
    ...(doubt && { doubt })
  }
}

/** The target `.` says that the service is not available (RFC 2782); what is no name must not get into a Host header. */
function usable(answer: DnsAnswer<ServiceRecord>): DnsAnswer<ServiceRecord> {
  if (answer.kind !== 'records') return answer
  const records = answer.records.filter(({ name, port }) => HOST.test(name) && port > 0)
  return records.length > 0 ? { kind: 'records', records } : { kind: 'missing', reason: 'nodata' }
}
