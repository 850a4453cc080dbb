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
  | 'request_aborted'
  | 'response_timeout'

/** A request as it goes to a backend: what is in it goes out as it is, and nothing else but what is said here. */
export interface UpstreamRequest {
  /** Any token. */
  readonly method: string
  /** Path and query, byte for byte: latin1, as Node's `url`. */
  readonly target: string
  /**
   * Names and values in turn, latin1, as Node's `rawHeaders`; nothing of Connection, Transfer-Encoding and Upgrade.
   * Without Host, the backend's own is sent in front.
   */
  readonly headers: readonly string[]
  /**
   * Read as the backend takes it. Nobody but the owner destroys it; what is unread when the exchange ends stays.
   * With a Content-Length among the headers it goes as it is, and breaks the exchange (`request_aborted`) when it
   * turns out longer or shorter; else it goes chunked.
   */
  readonly body: Readable | null
  /** Told how the body proceeds. */
  readonly progress?: BodyProgress | undefined
  /** Asked for once the body has ended, when it goes chunked. */
  readonly trailers?: (() => readonly string[]) | undefined
  /** Whether no kept-alive connection will do: one may just have turned out to be closed, and so may the next. */
  readonly fresh?: boolean | undefined
  /** Value of the Upgrade field when the request asks for another protocol; left out over HTTP/2, which has none. */
  readonly upgrade?: string | undefined
}

/** Who is told how a request's body proceeds. */
export interface BodyProgress {
  /** This much of it was taken. */
  onChunk(chunk: Buffer): void
  /** All of it was handed to the connection. */
  onSent(): void
}

/** Who counts the connections to a backend. */
export interface ConnectionObserver {
  /** One was begun. Every call is paired with one {@link closeConnection}. */
  openConnection(): void
  /** It is closed, or was given away. */
  closeConnection(): void
}

/** How an exchange broke. */
export interface Failure {
  readonly reason: FailureReason
  /** Whether the backend may have acted on some of the request; not when it said itself that it never looked at it. */
  readonly sent: boolean
  /**
   * Whether a kept-alive connection broke before any byte of a response, or takes no more requests: most likely the
   * backend had closed it in the same moment, and the request may go once more over a fresh one.
   */
  readonly reused: boolean
}

/** What comes back from a backend. After `onEnd`, `onUpgrade` or `onFailure` nothing more does. */
export interface ResponseSink {
  /** A connection is there and the request's bytes begin to flow: from now on the backend may have seen it. */
  onSending(): void
  /** An interim response, asked for or not: 100, 102, 103, any 1xx but 101. */
  onInformation(status: number, statusText: string, headers: string[]): void
  /** The final response's head; headers as in {@link UpstreamRequest.headers}, but all of them. */
  onHead(status: number, statusText: string, headers: string[]): void
  /** @returns false to pause until {@link Exchange.resume}; what was read already, 64 KiB at most, still comes. */
  onBody(chunk: Buffer): boolean
  onEnd(trailers: string[]): void
  /** The backend switched protocols; the socket is the sink's from now on: paused, what was read already put back. */
  onUpgrade(statusText: string, headers: string[], socket: Duplex): void
  /** The exchange broke, before or after the head. */
  onFailure(failure: Failure): void
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
  /** @throws TypeError when method, target or headers hold what would break the message's framing. */
  send(request: UpstreamRequest, sink: ResponseSink): Exchange
  /** Closes once what is under way has ended; joined sockets of upgrades are not waited for. */
  close(): Promise<void>
  /** Breaks what is under way. */
  destroy(): Promise<void>
}
