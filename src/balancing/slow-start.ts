/** How a backend's share grows after it came back. */
export interface SlowStart {
  /** How long it grows, in milliseconds. */
  readonly window: number
  /** 1 = in proportion to time; more = fast at first. Above 0. */
  readonly aggression: number
}

/** No share is smaller: a backend without traffic would never warm up. */
const LEAST_SHARE = 0.1

/**
 * The share of its weight that a backend has in its slow start (Envoy's formula): (age ÷ window)^(1 ÷ aggression), at
 * least a tenth.
 *
 * @param age - Milliseconds since it began.
 */
export function slowStartShare(age: number, { window, aggression }: SlowStart): number {
  if (age >= window) return 1
  return Math.max(LEAST_SHARE, (Math.max(0, age) / window) ** (1 / aggression))
}
