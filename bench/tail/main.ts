/** Tail latency with slow backends, ours beside other proxies: `npm run bench:tail -- --help`. */
import { writeFile } from 'node:fs/promises'
import { buildProject } from '../support/build-project.ts'
import { checkMachine, machineFacts } from '../support/machine.ts'
import { progress, runBenchmark, say } from '../support/run-benchmark.ts'
import { chooseContestants, type Contestant } from './contestants.ts'
import { aimLines } from './goals.ts'
import { Lane } from './lane.ts'
import { readOptions, USAGE } from './options.ts'
import { measureRounds, resultsAsJson } from './rounds.ts'
import { lateness, tailTables } from './tables.ts'

await runBenchmark(run)

async function run(args: string[], folder: string): Promise<void> {
  const options = readOptions(args)
  if (options.help) return say(USAGE)
  checkMachine({ taskset: 'util-linux' })
  const contestants = chooseContestants(options, say)
  if (options.build) buildProject()
  const { scenarios, pace } = options
  say(`\`node bench/tail/main.ts${args.map((arg) => ` ${arg}`).join('')}\``)
  say(machineFacts(programsOf(contestants)).join('\n'))
  const lanes = await Promise.all(Array.from({ length: options.lanes }, () => Lane.start(folder)))
  const results = await measureRounds(contestants, scenarios, lanes, pace, progress)
  say(tailTables(contestants, scenarios, results))
  say(lateness(results))
  const aims = aimLines(results)
  if (aims !== '') say(aims)
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(resultsAsJson(results), null, 2)}\n`)
  }
}

function programsOf(contestants: readonly Contestant[]): Record<string, NonNullable<Contestant['program']>> {
  return Object.fromEntries(contestants.flatMap(({ program }) => (program ? [[program.title, program]] : [])))
}
