/** How a {@link FaultProxy} treats what goes through it. Times are in milliseconds. */
export type Fault =
  /** Everything goes through as it comes. */
  | { readonly kind: 'pass' }
  /** Every piece of the stream is so late, in both directions. */
  | { readonly kind: 'delay'; readonly by: number }
  /** Connections are accepted, what comes is read and lost, and nothing is ever answered. */
  | { readonly kind: 'blackhole' }
  /** The backend has vanished without a word: nothing is read or written any more, on those connections not later either. */
  | { readonly kind: 'half-open' }
  /** After so many more bytes of a connection's responses it is reset (RST). */
  | { readonly kind: 'reset'; readonly after: number }
  /** After so many more bytes of a connection's responses it ends (FIN), as if that were all. */
  | { readonly kind: 'truncate'; readonly after: number }
  /** Responses come so few bytes at a time. */
  | { readonly kind: 'trickle'; readonly bytes: number; readonly every: number }
  /** New connections are answered with this, whatever is asked; those that are there are reset. */
  | { readonly kind: 'garbage'; readonly text: string; readonly ends: boolean }
  /** Nobody listens; connections that are there are reset. */
  | { readonly kind: 'refuse' }

/** The name of a fault. */
export type FaultKind = Fault['kind']
