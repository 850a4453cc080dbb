import type { JwksSnapshot } from '../access/jwks-source.ts'
import type { GatewayConfig, LogLevel } from '../config/types.ts'
import type { ClientCountsShare } from '../limits/client-counts.ts'
import type { LimitShares } from '../limits/limit-tables.ts'
import type { LoggerOptions } from '../telemetry/logger.ts'
import type { TraceBatch } from '../telemetry/trace-outbox.ts'
import type { PublishedDocuments } from '../openapi/published.ts'
import type { ListenerLimits } from './client-limits.ts'

/** Everything a data plane thread needs to build one generation: plain data and shared memory. */
export interface GenerationSpec {
  /** Grows by one with every configuration that is tried. */
  readonly version: number
  readonly config: GatewayConfig
  readonly backends: LiveShare
  readonly groups: LiveShare
  readonly routes: LiveShare
  /** What rate limits know of their keys. */
  readonly limits: LimitShares
  /** Counters of what rate limits decide. */
  readonly limitStats: LiveShare
  /** How the threads do; one slot, the same memory in every generation. */
  readonly threads: LiveShare
  /** Connections of clients; the same memory in every generation. */
  readonly clients: ClientCountsShare
  /** One word: how many gateways share the store, this one included, at least 1. */
  readonly gateways: SharedArrayBuffer
}

/** A table of live state as it is handed to another thread. */
export interface LiveShare {
  readonly rows: number
  readonly buffers: readonly SharedArrayBuffer[]
  readonly slots: readonly (readonly [key: string, slot: number])[]
}

/** Where a thread listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
  /** Whether other threads listen there too. */
  readonly reusePort: boolean
  /** What is spoken there; another one makes it another address, even on the same port. */
  readonly transport: Transport
  /** What its clients may do; as of {@link transport}. */
  readonly limits: ListenerLimits
}

/** Where a thread answers that the same is served by HTTPS. */
export interface Redirect {
  readonly address: ListenAddress
  /** Port of the public listener. */
  readonly httpsPort: number
}

/** TLS of the public listener, read and checked by the control plane, the same in all threads. */
export interface TlsMaterial {
  /** PEM; the first one is for clients that name no host, or one that none is for. */
  readonly certificates: readonly {
    readonly cert: string
    readonly key: string
    /** Lower case, `*.example.com` for one label. */
    readonly hosts: readonly string[]
  }[]
  /** 48 bytes that session tickets are encrypted with, so that a session can go on in any thread. */
  readonly ticketKeys: Uint8Array
}

/** What the connections of a listener speak. */
export interface Transport {
  readonly tls: boolean
  /** Whether HTTP/2 may be chosen by ALPN; only over TLS. */
  readonly http2: boolean
  /** Addresses and CIDR blocks whose connections begin with a PROXY protocol header; undefined = nobody's. */
  readonly proxyProtocol: readonly string[] | undefined
}

/** HTTP/1.1 without TLS, and no PROXY protocol. */
export const PLAIN: Transport = { tls: false, http2: false, proxyProtocol: undefined }

/** How a stop went: what was still in flight at the deadline and was destroyed. */
export interface StopReport {
  readonly cut: number
}

/**
 * What the control plane asks of a data plane thread, wherever that runs. A generation is prepared beside the serving
 * one by all threads, then committed by all: one failure aborts it for all.
 */
export interface DataPlaneControl {
  /** Builds a generation. @throws Error when it can't be built; the serving one is untouched. */
  prepare(spec: GenerationSpec): Promise<void>
  /** Serves the prepared generation from now on; the one before ends when its requests have. */
  commit(version: number): Promise<void>
  /** Throws a prepared generation away. */
  abort(version: number): Promise<void>
  /** Speaks TLS with this from the next connection on; called before it listens with TLS. */
  secure(material: TlsMaterial): Promise<void>
  /** What is known of issuers' keys from now on. */
  verifyWith(keys: readonly JwksSnapshot[]): Promise<void>
  /** Writes such lines of the log from now on. */
  setLogLevel(level: LogLevel): Promise<void>
  /** The traces that were sent have been taken: more may come. */
  takenTraces(): Promise<void>
  /** The services' documents from now on. */
  publish(documents: PublishedDocuments): Promise<void>
  /** Listens there; elsewhere no longer. Untouched when it listens there already. */
  listen(address: ListenAddress): Promise<void>
  /** Sends clients of this address to HTTPS on the public host; elsewhere no longer. */
  redirect(redirect: Redirect | undefined): Promise<void>
  /** From now on every response ends its connection, so that clients come back to somebody else. */
  drain(): Promise<void>
  /** Accepts nothing new, lets what is in flight end, destroys what is left after `timeout` milliseconds. */
  stop(timeout: number): Promise<StopReport>
}

/** A call of one method of {@link DataPlaneControl} over a message port. */
export interface ThreadCall {
  readonly id: number
  readonly method: keyof DataPlaneControl
  readonly args: readonly unknown[]
}

/** What a thread sends: the answer to a call, or news. */
export type ThreadMessage =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  /** The oldest generation that still has requests in this thread. */
  | { readonly kind: 'oldest'; readonly version: number }
  /** A backend has failed as often in a row as makes it suspect. */
  | { readonly kind: 'suspect'; readonly group: string; readonly id: string }
  /** Keys of an issuer do not verify what came: there may be newer ones at this URL. */
  | { readonly kind: 'stale-keys'; readonly url: string }
  /** Requests that are traced are over. */
  | { readonly kind: 'traces'; readonly batch: TraceBatch }

/** What a thread is started with. */
export interface ThreadData {
  /** Its row in every table of live state. */
  readonly row: number
  /** One word per row, which each thread increments while its loop runs. */
  readonly heartbeats: SharedArrayBuffer
  readonly log: LoggerOptions
}
