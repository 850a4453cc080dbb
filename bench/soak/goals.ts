import { type Must, none } from '../support/must.ts'
import { type Minute } from './minutes.ts'
import type { SoakResult } from './soak-run.ts'

/** The minute that the end is compared with: what is compiled late, and caches that fill, are over by then. */
const SETTLED = 5
/** Growth of resident memory, in percent, that is too much. */
const TOO_MUCH = 10
/** How much later the loop may be at the end, and a lateness in milliseconds below which it is noise. */
const LATER = 1.5
const FLOOR = 5

/** The musts of a run. */
export function judge({ minutes, before, after, report, odd, exitCode }: SoakResult): Must[] {
  const settled = minutes.find(({ number }) => number === SETTLED)
  const last = minutes.at(-1)
  // Compared with itself, a minute says nothing.
  const pair = settled && last && last.number > SETTLED ? ([settled, last] as const) : undefined
  return [
    none('requests without a response of 2xx', report.failed),
    compared(
      'resident memory, MiB',
      `grows by less than ${TOO_MUCH} %`,
      pair,
      0,
      (minute) => minute.memory,
      (early, late) => 100 * (late - early) < TOO_MUCH * early
    ),
    compared('handles that are no connection', 'as many', pair, 0, (minute) => minute.otherHandles, isSame),
    compared('threads', 'as many', pair, 0, (minute) => minute.threads, isSame),
    compared(
      'lateness of the loop, p99, ms',
      `at most ${LATER} ×, or below ${FLOOR}`,
      pair,
      1,
      (minute) => minute.delay,
      (early, late) => late < FLOOR || late <= LATER * early
    ),
    {
      what: 'handles after the load',
      seen: String(after.handles),
      wanted: `${before.handles}, as before it`,
      holds: after.handles <= before.handles
    },
    none('connections after the load', after.connections),
    none('warnings and errors in the log', odd.length),
    { what: 'exit code', seen: String(exitCode), wanted: '0', holds: exitCode === 0 }
  ]
}

function isSame(early: number, late: number): boolean {
  return early === late
}

function compared(
  what: string,
  wanted: string,
  pair: readonly [Minute, Minute] | undefined,
  digits: number,
  value: (minute: Minute) => number,
  holds: (early: number, late: number) => boolean
): Must {
  if (!pair) return { what, seen: 'not seen', wanted, holds: undefined }
  const [early, late] = pair.map(value) as [number, number]
  const seen = `${early.toFixed(digits)} in minute ${SETTLED}, ${late.toFixed(digits)} at the end`
  return { what, seen, wanted, holds: holds(early, late) }
}
