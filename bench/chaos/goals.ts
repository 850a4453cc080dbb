import { type Must, none } from '../support/must.ts'
import type { ProcessSample } from '../support/process-samples.ts'
import { median } from '../support/statistics.ts'
import type { ChaosResult } from './chaos-run.ts'
import { type FindingKind, FINDINGS } from './ledger.ts'

/** Growth of resident memory, in percent, that is too much. */
const TOO_MUCH = 10
const MINUTE = 60_000
/** Minutes that a run must last for its memory to say anything. */
const ENOUGH = 3

/** The musts of a run. */
export function judge(result: ChaosResult): Must[] {
  const { findings, restless, ill, log, crashes, lateFailures, outcomes, sent, exitCode } = result
  const kinds = Object.keys(FINDINGS) as FindingKind[]
  return [
    none('requests without an outcome, or with two', Math.abs(sent - outcomes.length)),
    ...kinds.map((kind) => none(FINDINGS[kind], findings.filter((found) => found.kind === kind).length)),
    none('failures after all trouble was over', lateFailures),
    none('gauges that do not come back to 0', restless.length),
    { what: 'backends that are not well again', seen: ill || 'none', wanted: 'none', holds: ill === '' },
    none('workers that died otherwise than by our hand, or did not', Math.abs(log.deaths - crashes)),
    none('lines of the log that nobody caused', log.odd.length),
    { what: 'exit code', seen: String(exitCode), wanted: '0', holds: exitCode === 0 },
    memoryMust(result.samples)
  ]
}

/** Resident memory of the first and of the last minute, medians. */
function memoryMust(samples: readonly ProcessSample[]): Must {
  const [first, last] = [samples[0], samples.at(-1)]
  const what = 'resident memory, first minute to last'
  const wanted = `grows by less than ${TOO_MUCH} %`
  if (!first || !last) return { what, seen: 'not seen', wanted, holds: undefined }
  const early = median(samples.filter(({ at }) => at <= first.at + MINUTE).map(({ memory }) => memory))
  const late = median(samples.filter(({ at }) => at >= last.at - MINUTE).map(({ memory }) => memory))
  const growth = (100 * (late - early)) / early
  const seen = `${early.toFixed(0)} to ${late.toFixed(0)} MiB, ${growth.toFixed(1)} %`
  const isLong = last.at - first.at >= ENOUGH * MINUTE - 10_000
  return { what, seen, wanted, holds: isLong ? growth < TOO_MUCH : undefined }
}
