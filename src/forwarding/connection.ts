import type { Duplex, Readable } from 'node:stream'

/** Why an attempt failed, as data. */
export type FailureReason =
  | 'connect_refused'
  | 'connect_failed'
  | 'connect_timeout'
  | 'dns_failed'
  | 'tls_failed'
  | 'reset'
  | 'protocol_error'
  | 'response_timeout'

/** A request as it goes to a backend. */
export interface UpstreamRequest {
  readonly method: string
  /** Path and query, byte for byte. */
  readonly target: string
  /** Names and values in turn, as Node's `rawHeaders`. Without Host, the backend's own is sent. */
  readonly headers: string[]
  readonly body: Readable | null
  /** Value of the Upgrade field when the request asks for another protocol. */
  readonly upgrade: string | undefined
}

/** What comes back from a backend. After `onEnd`, `onUpgrade` or `onFailure` nothing more does. */
export interface ResponseSink {
  /** A connection is there and the request's bytes begin to flow: from now on the backend may have seen it. */
  onSending(): void
  /** The final response's head; headers as in {@link UpstreamRequest.headers}. */
  onHead(status: number, statusText: string, headers: string[]): void
  /** @returns false to pause until {@link Exchange.resume}. */
  onBody(chunk: Buffer): boolean
  onEnd(trailers: string[]): void
  /** The backend switched protocols; the socket is the sink's from now on. */
  onUpgrade(headers: string[], socket: Duplex): void
  /** The exchange broke, before or after the head. */
  onFailure(reason: FailureReason): void
}

/** One request under way. */
export interface Exchange {
  /** Ends it without a word to the sink. */
  abort(): void
  /** Goes on after {@link ResponseSink.onBody} returned false. */
  resume(): void
}

/** The connections to one backend. */
export interface UpstreamConnection {
  send(request: UpstreamRequest, sink: ResponseSink): Exchange
  /** Closes once what is under way has ended. */
  close(): Promise<void>
  /** Breaks what is under way. */
  destroy(): Promise<void>
}
