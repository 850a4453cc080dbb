import type { AddressRecord, DnsAnswer, DnsLookup } from './dns-lookup.ts'
import { type Doubt, KnownRecords, worstDoubt } from './known-records.ts'

/** What is known of a name. */
export interface AddressView {
  /** Of both kinds, in no order. */
  readonly addresses: readonly string[]
  /** For how long the answers are good, in milliseconds; absent = none said. */
  readonly ttl?: number
  readonly doubt?: Doubt
}

/** The addresses of one name, IPv4 and IPv6, as they were last known. That there are only ones of one kind is no failure. */
export class KnownAddresses {
  readonly #name: string
  readonly #ipv4: KnownRecords<string>
  readonly #ipv6: KnownRecords<string>

  /** @param believeAfter - After which time a name without addresses is believed to have none, in milliseconds. */
  constructor(name: string, believeAfter: number) {
    this.#name = name
    this.#ipv4 = new KnownRecords(believeAfter)
    this.#ipv6 = new KnownRecords(believeAfter)
  }

  /** Asks, and tells what is known then. @param now - Clock in milliseconds. */
  async look(lookup: DnsLookup, now: () => number): Promise<AddressView> {
    const answers = await Promise.all([lookup.ipv4(this.#name), lookup.ipv6(this.#name)])
    return this.take(...answers, now())
  }

  /** Takes the answers of one look. @param now - Milliseconds. */
  take(ipv4: DnsAnswer<AddressRecord>, ipv6: DnsAnswer<AddressRecord>, now: number): AddressView {
    const doubt = worstDoubt([
      this.#ipv4.take(addressesOf(ipv4), now, ipv6.kind === 'records'),
      this.#ipv6.take(addressesOf(ipv6), now, ipv4.kind === 'records')
    ])
    const ttl = leastTtl([ipv4, ipv6])
    return {
      addresses: [...this.#ipv4.records, ...this.#ipv6.records],
      ...(ttl !== undefined && { ttl }),
      ...(doubt && { doubt })
    }
  }
}

function addressesOf(answer: DnsAnswer<AddressRecord>): DnsAnswer<string> {
  return answer.kind === 'records'
    ? { kind: 'records', records: answer.records.map(({ address }) => address) }
    : answer
}

function leastTtl(answers: readonly DnsAnswer<AddressRecord>[]): number | undefined {
  const ttls = answers.flatMap((answer) =>
    answer.kind === 'records' ? answer.records.map(({ ttl }) => ttl) : []
  )
  return ttls.length > 0 ? Math.min(...ttls) * 1000 : undefined
}
