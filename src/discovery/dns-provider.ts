import { Announcer } from './announcer.ts'
import { addressBackends, type BackendProtocol, serviceBackends } from './dns-answers.ts'
import { DnsLookup, type DnsLookupOptions } from './dns-lookup.ts'
import { type DnsTiming, nextLook } from './dns-schedule.ts'
import { KnownAddresses } from './known-addresses.ts'
import type { Doubt } from './known-records.ts'
import { KnownServices } from './known-services.ts'
import type { DiscoveredBackend, DiscoveryListener, DiscoveryProvider } from './provider.ts'

/** How a name is looked up; tests do it faster. */
export interface DnsPace extends DnsTiming, Pick<DnsLookupOptions, 'timeout' | 'tries'> {
  /** After which time, in milliseconds, the word that there are no records is believed. */
  readonly believeAfter: number
}

/** What {@link DnsProvider} needs. */
export interface DnsProviderOptions {
  readonly name: string
  /** Of addresses; absent = the protocol's. SRV records have their own. */
  readonly port?: number | undefined
  /** Absent = `srv` for a name such as `_http._tcp.catalog.internal`, else `a`: IPv4 and IPv6 addresses. */
  readonly type?: 'a' | 'srv' | undefined
  readonly protocol: BackendProtocol
  /** How long an answer is good for at most, in milliseconds, give or take a tenth; absent = for its TTL. */
  readonly refresh?: number | undefined
  /** Name servers, `address:port`; absent = those of the system. */
  readonly servers?: readonly string[] | undefined
  readonly pace?: Partial<DnsPace>
  /** Clock in milliseconds that never jumps. */
  readonly now?: () => number
  /** From 0 up to 1. */
  readonly random?: () => number
}

const PACE: DnsPace = {
  minTtl: 1000,
  maxTtl: 10_000,
  minRetry: 1000,
  maxRetry: 10_000,
  timeout: 2000,
  tries: 2,
  believeAfter: 30_000
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  nxdomain: 'the name does not exist',
  nodata: 'the name has no such records',
  servfail: 'the name server could not find out',
  timeout: 'no name server answered in time',
  refused: 'the name server refused to answer'
}

interface View {
  readonly backends: readonly DiscoveredBackend[]
  readonly ttl?: number
  readonly doubt?: Doubt
}

/** The addresses of a name as backends, or the servers of a service (SRV). One look at a time. */
export class DnsProvider implements DiscoveryProvider {
  readonly #options: DnsProviderOptions
  readonly #pace: DnsPace
  readonly #lookup: DnsLookup
  readonly #now: () => number
  readonly #look: () => Promise<View>
  #announcer: Announcer | undefined
  #timer: NodeJS.Timeout | undefined
  #doubts = 0
  #stopped = false

  /** @throws TypeError when one of `servers` is no address. */
  constructor(options: DnsProviderOptions) {
    this.#options = options
    this.#pace = { ...PACE, ...options.pace }
    const { servers, now = () => performance.now() } = options
    this.#lookup = new DnsLookup({ ...this.#pace, servers })
    this.#now = now
    this.#look = this.#lookAt(options)
  }

  start(listener: DiscoveryListener): void {
    if (this.#stopped || this.#announcer) return
    this.#announcer = new Announcer(listener)
    void this.#begin()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#announcer?.stop()
    this.#lookup.cancel()
  }

  #lookAt({ name, port, protocol, type = isServiceName(name) ? 'srv' : 'a' }: DnsProviderOptions) {
    const { believeAfter } = this.#pace
    if (type === 'srv') {
      const services = new KnownServices(name, believeAfter)
      return async (): Promise<View> => {
        const view = await services.look(this.#lookup, this.#now)
        return { ...view, backends: serviceBackends(view.targets, protocol) }
      }
    }
    const known = new KnownAddresses(name, believeAfter)
    return async (): Promise<View> => {
      const view = await known.look(this.#lookup, this.#now)
      return { ...view, backends: addressBackends(view.addresses, name, port, protocol) }
    }
  }

  async #begin(): Promise<void> {
    const view = await this.#look()
    if (this.#stopped) return
    this.#tell(view)
    this.#schedule(view)
  }

  #tell({ backends, doubt }: View): void {
    // A set is empty in doubt where what took the place of the last one is not known yet.
    if (backends.length > 0 || !doubt) this.#announcer?.tellBackends(backends)
    const status = doubt && { reason: doubt.reason, detail: detailOf(this.#options.name, doubt.reason) }
    this.#announcer?.tellStatus(status ?? {})
  }

  #schedule({ ttl, doubt }: View): void {
    this.#doubts = doubt ? this.#doubts + 1 : 0
    if (doubt) this.#lookup.renew()
    const { refresh, random = Math.random } = this.#options
    const outcome = { ttl, doubt, doubts: this.#doubts }
    const wait = nextLook(outcome, refresh, this.#pace, this.#now(), random())
    this.#timer = setTimeout(() => void this.#begin(), wait).unref()
  }
}

function isServiceName(name: string): boolean {
  return /^_[^.]+\._[^.]+\../.test(name)
}

function detailOf(name: string, reason: string): string {
  return `${name}: ${EXPLANATIONS[reason] ?? `the look-up failed (${reason})`}; the last known backends are kept`
}
