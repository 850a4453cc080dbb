/** Ours beside other proxies: `npm run bench:forwarding -- --help`; `npm run bench` prints all tables. */
import { writeFile } from 'node:fs/promises'
import { startBackends } from './backends.ts'
import { startRedis } from '../support/redis.ts'
import { chooseContestants } from './contestants/choose.ts'
import type { Contestant } from './contestants/contestant.ts'
import { disturbance } from './figures.ts'
import { holds, type Verdict, verdictLines } from './goals.ts'
import { buildProject } from '../support/build-project.ts'
import { checkMachine, machineFacts, type Program } from '../support/machine.ts'
import { readOptions, USAGE } from './options.ts'
import { progress, runBenchmark, say } from '../support/run-benchmark.ts'
import { measureRounds, resultsAsJson } from './rounds.ts'
import { REPORTS } from './reports.ts'

await runBenchmark(run)

async function run(args: string[], folder: string): Promise<void> {
  const options = readOptions(args)
  if (options.help) return say(USAGE)
  checkMachine({ taskset: 'util-linux', wrk: 'wrk', nginx: 'nginx' })
  const contestants = chooseContestants(options, say)
  if (options.build) buildProject()
  const { urls } = await startBackends(folder)
  say(`\`node bench/forwarding/main.ts ${args.join(' ')}\``)
  say(machineFacts(programsOf(contestants)).join('\n'))
  const redis = options.tables.includes('limits') ? await startRedis(folder, say) : undefined
  const verdicts: Verdict[] = []
  const measured = new Map<string, unknown>()
  for (const table of options.tables) {
    const report = REPORTS[table](contestants, options.loads, redis)
    const results = await measureRounds(report.entries, urls, options.pace, folder, progress)
    say(report.text(results))
    say(disturbance(results))
    verdicts.push(...report.verdicts(results))
    measured.set(table, resultsAsJson(results))
  }
  if (verdicts.length > 0) say(verdictLines(verdicts))
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(Object.fromEntries(measured), null, 2)}\n`)
  }
  if (!verdicts.every(holds)) process.exitCode = 1
}

function programsOf(contestants: readonly Contestant[]): Record<string, Program> {
  const theirs = contestants.flatMap(({ title, program }) => (program ? [[title, program] as const] : []))
  return { ...Object.fromEntries(theirs), wrk: { command: 'wrk', debian: 'wrk', version: ['-v'] } }
}
