import { type RecordWithTtl, type SrvRecord } from 'node:dns'
import { Resolver } from 'node:dns/promises'

/** What a name server says to one question. */
export type DnsAnswer<T> =
  | { readonly kind: 'records'; readonly records: readonly T[] }
  /** The name, or records of this type, do not exist: an answer like any other, but one that is easily wrong. */
  | { readonly kind: 'missing'; readonly reason: 'nxdomain' | 'nodata' }
  /** Nobody knows: `servfail`, `timeout`, `refused`, `formerr`, … */
  | { readonly kind: 'failed'; readonly reason: string }

/** An address and for how long it is good, in seconds. */
export type AddressRecord = RecordWithTtl

/** A server of a service (RFC 2782). */
export type ServiceRecord = Pick<SrvRecord, 'name' | 'port' | 'priority' | 'weight'>

/** How name servers are asked. */
export interface DnsLookupOptions {
  /** Name servers, `address`, `address:port` or `[address]:port`; absent = those of the system. */
  readonly servers?: readonly string[] | undefined
  /** Of one try, in milliseconds. */
  readonly timeout: number
  /** Per name server. */
  readonly tries: number
}

/** Error codes of c-ares that have another name among people. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'nxdomain',
  ETIMEOUT: 'timeout',
  ECONNREFUSED: 'refused'
}

/**
 * Asks name servers. Names are asked for as they are: neither the hosts file nor the search list of resolv.conf counts.
 * Nothing is remembered between two questions.
 */
export class DnsLookup {
  readonly #options: DnsLookupOptions
  #resolver: Resolver

  /** @throws TypeError when a server is no address. */
  constructor(options: DnsLookupOptions) {
    this.#options = options
    this.#resolver = newResolver(options)
  }

  /** A records: IPv4. */
  async ipv4(name: string): Promise<DnsAnswer<AddressRecord>> {
    return await answerOf(this.#resolver.resolve4(name, { ttl: true }))
  }

  /** AAAA records: IPv6. */
  async ipv6(name: string): Promise<DnsAnswer<AddressRecord>> {
    return await answerOf(this.#resolver.resolve6(name, { ttl: true }))
  }

  /** SRV records. */
  async services(name: string): Promise<DnsAnswer<ServiceRecord>> {
    return await answerOf(this.#resolver.resolveSrv(name))
  }

  /** Begins anew, after failures: the system's name servers may be others by now. Only while no question is open. */
  renew(): void {
    this.#resolver = newResolver(this.#options)
  }

  /** Ends all open questions; they have failed. */
  cancel(): void {
    this.#resolver.cancel()
  }
}

function newResolver({ servers, timeout, tries }: DnsLookupOptions): Resolver {
  // Without a maximum, c-ares doubles the timeout with every try.
  const resolver = new Resolver({ timeout, tries, maxTimeout: timeout })
  if (servers) resolver.setServers(servers)
  return resolver
}

async function answerOf<T>(question: Promise<T[]>): Promise<DnsAnswer<T>> {
  try {
    const records = await question
    return records.length > 0 ? { kind: 'records', records } : { kind: 'missing', reason: 'nodata' }
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    const reason = REASONS[code] ?? code.toLowerCase().replace(/^e/, '')
    if (reason === 'nxdomain' || reason === 'nodata') return { kind: 'missing', reason }
    return { kind: 'failed', reason }
  }
}
