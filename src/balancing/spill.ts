/** A tier keeps all its traffic while its well share times this is 1 or more (Envoy's overprovisioning factor). */
export const OVERPROVISIONING = 1.4

/** Sums of shares that are nearer to a bound than this have reached it. */
const ROUNDING = 1e-9

/**
 * Shares of traffic of tiers in their order, as Envoy's priority levels have them: each takes what its health can bear,
 * and the rest spills over to the next. When all together can't bear it, each takes its part of it.
 *
 * @param healths - Share of well candidates of each tier, 0 to 1.
 * @returns Shares that add up to 1; all 0 when no tier has anybody.
 * @see https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority
 */
export function spill(healths: readonly number[]): number[] {
  const total = totalHealth(healths)
  if (total === 0) return healths.map(() => 0)
  let left = 1
  return healths.map((health) => {
    const share = Math.min(left, abilityOf(health) / total)
    left = left - share < ROUNDING ? 0 : left - share
    return share
  })
}

/**
 * How much of its traffic a group of tiers can bear: the sum of what each can, 0 to 1 (Envoy's normalized total health).
 *
 * @param healths - Share of well candidates of each tier, 0 to 1.
 */
export function totalHealth(healths: readonly number[]): number {
  const sum = healths.reduce((total, health) => total + abilityOf(health), 0)
  return sum > 1 - ROUNDING ? 1 : sum
}

function abilityOf(health: number): number {
  return Math.min(1, OVERPROVISIONING * health)
}
