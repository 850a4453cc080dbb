/**
 * Of all windows between two of these moments, the one where most came in excess of a steady rate.
 *
 * @param moments - In milliseconds, in any order.
 * @param rate - Per millisecond.
 * @returns How many came in that window, both ends included, less what the rate brings in its time: what a limit's
 *   burst has to be for that.
 */
export function worstWindow(moments: readonly number[], rate: number): number {
  const sorted = [...moments].sort((one, other) => one - other)
  let worst = 0
  let least = Infinity
  for (const [index, moment] of sorted.entries()) {
    const excess = index - rate * moment
    least = Math.min(least, excess)
    worst = Math.max(worst, excess - least + 1)
  }
  return worst
}

/** A request that was let through at some moment in between, in milliseconds of one clock. */
export interface Admission {
  readonly sent: number
  readonly arrived: number
}

/**
 * As {@link worstWindow}, for who can't see the moments themselves: of all windows between the sending of one request
 * and the arrival of another, the one that most lie in wholly, in excess of a steady rate. What is said to be too much
 * was too much, however long requests were on their way.
 *
 * @param excused - How much more may have come until a moment, for reasons besides the rate; it never falls.
 */
export function worstSpan(
  admissions: readonly Admission[],
  rate: number,
  excused: (moment: number) => number = () => 0
): number {
  const sorted = [...admissions].sort((one, other) => one.arrived - other.arrived)
  const brought = (moment: number): number => rate * moment + excused(moment)
  const spans = sorted.map(({ sent, arrived }) => ({ sent, before: brought(sent), after: brought(arrived) }))
  let worst = 0
  for (const { sent, before } of spans) {
    let count = 0
    for (const span of spans) {
      if (span.sent < sent) continue
      count++
      worst = Math.max(worst, count - (span.after - before))
    }
  }
  return worst
}
