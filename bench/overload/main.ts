/** Overload, ours beside other proxies: `npm run bench:overload -- --help`. */
import { writeFile } from 'node:fs/promises'
import { buildProject } from '../support/build-project.ts'
import { checkMachine, machineFacts } from '../support/machine.ts'
import { progress, runBenchmark, say } from '../support/run-benchmark.ts'
import { chooseContestants, type Contestant, OURS, unprotected } from './contestants.ts'
import { Course } from './course.ts'
import { type Measurement, measurementOf } from './figures.ts'
import { holds, judge, verdictLines } from './goals.ts'
import { readOptions, USAGE } from './options.ts'
import { peakOf, type Sweep, sweepPeak } from './peak.ts'
import { CAPACITY, phasesOf } from './scenario.ts'
import { failureLines, lateness, overloadTables } from './tables.ts'

await runBenchmark(run)

async function run(args: string[], folder: string): Promise<void> {
  const options = readOptions(args)
  if (options.help) return say(USAGE)
  checkMachine({ taskset: 'util-linux' })
  const contestants = chooseContestants(options, say)
  if (options.build) buildProject()
  const { seed } = options
  say(`\`node bench/overload/main.ts${args.map((arg) => ` ${arg}`).join('')}\``)
  say(machineFacts(programsOf(contestants)).join('\n'))
  const course = await Course.start(folder)
  progress('the peak')
  const sweep = await sweepPeak(course, unprotected(options), options.sweep, seed)
  const peak = peakOf(sweep)
  say(sweepLine(sweep))
  const phases = phasesOf(options.lengths)
  const results = new Map<string, Measurement>()
  for (const [index, contestant] of contestants.entries()) {
    progress(`${index + 1} of ${contestants.length}: ${contestant.title}`)
    results.set(contestant.name, measurementOf(await course.run(contestant, phases, seed), phases))
  }
  say(overloadTables(contestants, phases, results, peak))
  const failures = failureLines(contestants, results)
  if (failures !== '') say(failures)
  say(lateness(contestants, results))
  const ours = results.get(OURS)
  const verdicts = ours === undefined ? [] : judge(ours, peak)
  if (verdicts.length > 0) say(verdictLines(verdicts))
  if (options.json !== undefined) {
    const all = { peak, sweep, results: Object.fromEntries(results) }
    await writeFile(options.json, `${JSON.stringify(all, null, 2)}\n`)
  }
  if (!verdicts.every(holds)) process.exitCode = 1
}

function sweepLine(sweep: Sweep): string {
  const tried = sweep.map(([load, goodput]) => `${goodput.toFixed(0)} at ${load} ×`)
  return `Peak goodput ${peakOf(sweep).toFixed(0)}/s, capacity ${CAPACITY}/s: ${tried.join(', ')}.`
}

function programsOf(contestants: readonly Contestant[]): Record<string, NonNullable<Contestant['program']>> {
  return Object.fromEntries(contestants.flatMap(({ program }) => (program ? [[program.title, program]] : [])))
}
