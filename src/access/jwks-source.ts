import type { JWK } from 'jose'

/** What is known of an issuer's keys. Plain data: the control plane posts it to the data plane's threads. */
export interface JwksSnapshot {
  /** Where they come from. */
  readonly url: string
  /** When they were asked for last, in milliseconds of the shared clock. */
  readonly checkedAt: number
  /** The last good ones; undefined = there never were any. */
  readonly keys: readonly JWK[] | undefined
  /** Why they could not be had the last time, as data; absent = they could. */
  readonly reason?: string
}

/** Where keys of issuers come from. */
export interface JwksSource {
  /** What is known now; undefined while the first answer is awaited. */
  current(url: string): JwksSnapshot | undefined
  /**
   * What is known after asking once more.
   *
   * @returns undefined when it must not be asked now, less than {@link COOLDOWN} after the last time, or when nothing
   *   comes within {@link PATIENCE}.
   */
  refreshed(url: string): Promise<JwksSnapshot | undefined>
}

/** Least time between two questions that tokens with unknown keys cause, in milliseconds: anybody can make such. */
export const COOLDOWN = 10_000

/** How long a request waits for keys, in milliseconds. */
export const PATIENCE = 5000

/** Whether an issuer may be asked again. @param now - Of the shared clock. */
export function mayAsk(known: JwksSnapshot | undefined, now: number): boolean {
  return known === undefined || now - known.checkedAt >= COOLDOWN
}
