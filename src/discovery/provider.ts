/** A backend that was discovered, as far as the source says. */
export interface DiscoveredBackend {
  /** Normalised origin: `scheme://host[:port]`, without a trailing slash; the host may be an address. */
  readonly url: string
  /** 0 to 1000; absent = 1. */
  readonly weight?: number
  /** 0 to 15; absent = 0. */
  readonly tier?: number
  /** Most attempts in flight; 0 = no cap; absent = 0. */
  readonly maxInFlight?: number
  /** Host and SNI to ask for, where `url` holds an address that a name stood for: `catalog.internal:3001`. */
  readonly authority?: string
}

/** How the last look went. */
export interface DiscoveryStatus {
  /** Why the set is not what the source says now, as data: `nxdomain`, `servfail`, `timeout`, `invalid`; absent = it is. */
  readonly reason?: string
  /** Of a set that is kept although the source no longer says so. One sentence without addresses or secrets; for the log. */
  readonly detail?: string
}

/** Whom a provider tells. */
export interface DiscoveryListener {
  /** A set that differs from the one before, the first included; sorted by url. Empty only when the source truly says so. */
  onBackends(backends: readonly DiscoveredBackend[]): void
  /** The status has changed. */
  onStatus(status: DiscoveryStatus): void
}

/** A source of backends of one group: the next kind of source is one file that implements this. */
export interface DiscoveryProvider {
  /** Begins to look; the first answer may take a while, or never come. */
  start(listener: DiscoveryListener): void
  /** Ends; nothing is told any more once it has been called. */
  stop(): void
}
